"""Embedding a loader equals a plain loop, leaves the model as it was, and refuses in one sentence."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.testers import BaseTester
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from torch import nn
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset

import embedding_second_opinion as so
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.samples import live_model, sample
from embedding_second_opinion.samples.planted import planted

N, D = 50, 6


class Net(nn.Module):
    """Everything that behaves otherwise in training: dropout, batch statistics, a frozen part."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(D, 8)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.5)
        self.last = nn.Linear(8, 4)

    def forward(self, x):
        return self.last(self.drop(torch.relu(self.norm(self.first(x)))))


class Returns(nn.Module):
    """Gives whatever ``make`` makes of the batch."""

    def __init__(self, make):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.make = make

    def forward(self, *args, **named):
        return self.make(*args, **named)


@pytest.fixture(autouse=True)
def one_seed():
    torch.manual_seed(0)


@pytest.fixture
def net():
    """In training, but for its frozen batch statistics."""
    model = Net()
    model(torch.randn(64, D))  # running statistics of its own
    model.norm.eval()
    model.first.weight.requires_grad_(False)
    return model


X, Y = torch.randn(N, D, generator=torch.Generator().manual_seed(1)), torch.arange(N) % 7


def loader(**options):
    return DataLoader(TensorDataset(X, Y), batch_size=16, **options)


def embed(model, batches, **options):
    return so.embed(model, batches, progress=False, **options)


def names(data):
    return [data.classes[c] for c in data.codes]


def plain(model):
    model.eval()
    with torch.no_grad():
        vectors = torch.cat([model(x) for x, _ in loader()])
    return vectors.numpy()


def refused(model, batches, **options):
    with pytest.raises(InputError) as error:
        embed(model, batches, **options)
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith((".", "?", ")"))
    assert len(text) < 500
    return text


def test_the_same_as_a_plain_loop_in_the_same_order(net):
    data = embed(net, loader(), name="mine")
    assert np.array_equal(data.vectors, plain(net))
    assert data.vectors.dtype == np.float32
    assert names(data) == [str(y) for y in Y.tolist()]
    assert data.name == "mine"
    assert data.notes == ("Embedded on cpu in eval mode: 50 rows in 4 batches.",)
    assert Geometry(data).ranks.anchors.size == N  # it can be judged at once


def test_the_same_as_another_library(net):
    data = embed(net, loader())
    calculator = AccuracyCalculator(knn_func=CustomKNN(LpDistance()))
    tester = BaseTester(
        normalize_embeddings=False, dataloader_num_workers=0, accuracy_calculator=calculator
    )
    vectors, labels = tester.get_all_embeddings(TensorDataset(X, Y), net.eval())
    assert np.allclose(data.vectors, vectors.cpu().numpy(), atol=1e-6)
    assert names(data) == [str(int(y)) for y in labels.flatten()]


def test_every_training_flag_is_as_it_was_and_dropout_was_off(net):
    before = {name: module.training for name, module in net.named_modules()}
    assert (before[""], before["norm"]) == (True, False)
    first, second = embed(net, loader()), embed(net, loader())
    assert np.array_equal(first.vectors, second.vectors)
    assert {name: module.training for name, module in net.named_modules()} == before


def test_nothing_else_of_the_model_changes(net):
    seen = []
    net.last.register_forward_hook(lambda module, given, made: seen.append(len(made)))
    net(X).sum().backward()
    seen.clear()
    state = {k: v.clone() for k, v in net.state_dict().items()}
    gradients = {k: v.grad.clone() for k, v in net.named_parameters() if v.grad is not None}
    wanted = {k: v.requires_grad for k, v in net.named_parameters()}
    hooks = [len(m._forward_hooks) for m in net.modules()]
    embed(net, loader())
    assert all(torch.equal(state[k], v) for k, v in net.state_dict().items())  # running means too
    assert wanted == {k: v.requires_grad for k, v in net.named_parameters()}
    assert hooks == [len(m._forward_hooks) for m in net.modules()]
    assert sum(seen) == N + 16  # the first batch is run twice
    for key, value in net.named_parameters():
        assert value.grad is None or torch.equal(value.grad, gradients[key])


def test_running_statistics_would_have_changed_in_training_mode(net):
    net.norm.train()
    mean = net.norm.running_mean.clone()
    embed(net, loader())
    assert torch.equal(net.norm.running_mean, mean)
    assert net.norm.training
    net(X)
    assert not torch.equal(net.norm.running_mean, mean)


def test_no_random_state_moves_not_even_that_of_the_loader(net):
    class Noisy(Dataset):
        def __len__(self):
            return N

        def __getitem__(self, row):
            return X[row] + random.random() + np.random.rand() + torch.rand(1), Y[row]  # noqa: NPY002

    own = torch.Generator().manual_seed(5)
    for batches in (
        DataLoader(Noisy(), batch_size=8, shuffle=True),
        DataLoader(Noisy(), batch_size=8, shuffle=True, generator=own),
    ):
        states = (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy())  # noqa: NPY002
        mine = own.get_state()
        embed(net, batches)
        assert torch.equal(torch.get_rng_state(), states[0])
        assert random.getstate() == states[1]
        assert np.array_equal(np.random.get_state()[1], states[2])  # noqa: NPY002
        assert torch.equal(own.get_state(), mine)


def test_all_is_put_back_after_an_error(net):
    before = {name: module.training for name, module in net.named_modules()}
    bad = [(X[:8], Y[:8]), (torch.randn(8, D + 1), Y[:8])]
    state = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="mat1 and mat2") as error:
        embed(net, bad)
    assert error.value.__notes__ == [
        "The model broke on batch 1 of the loader, given a Tensor of shape (8, 7)."
    ]
    assert {name: module.training for name, module in net.named_modules()} == before
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()


def test_the_model_computes_on_the_device_asked_for_and_comes_back(monkeypatch):
    # A second device that every machine has: "meta" holds no numbers, so moves are only watched.
    model, moves = Net(), []
    monkeypatch.setattr(nn.Module, "to", lambda self, place: moves.append(str(place)) or self)
    monkeypatch.setattr("embedding_second_opinion.model_audit.embed.moved", lambda x, device: x)
    data = embed(model, loader(), device="meta")
    assert moves == ["meta", "cpu"]
    assert data.notes[0].startswith("Embedded on meta")
    moves.clear()
    with pytest.raises(InputError):
        embed(model, [], device="meta")
    assert moves == ["meta", "cpu"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu(net):
    expected, state = plain(net), torch.cuda.get_rng_state()
    data = embed(net, loader())
    assert data.notes[0].startswith("Embedded on cuda:0")
    assert next(net.parameters()).device.type == "cpu"
    assert np.allclose(data.vectors, expected, atol=1e-4)
    assert torch.equal(torch.cuda.get_rng_state(), state)
    assert np.allclose(embed(net, loader(), mixed_precision=True).vectors, expected, atol=5e-2)


def test_what_is_cached_while_embedding_can_be_trained_with():
    class Caches(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.table = nn.Linear(D, 3), None

        def forward(self, x):
            if self.table is None:
                self.table = torch.arange(3.0) + 1
            return self.linear(x) * self.table

    model = Caches()
    embed(model, loader())
    model(X).sum().backward()
    assert model.linear.weight.grad is not None


@pytest.mark.parametrize(
    "batch",
    [
        (X, Y),
        [X, Y],
        (X, Y, ["path"] * N, {"any": "thing"}),
        (X.numpy(), Y.numpy()),
        (X, Y.tolist()),
        (X, list(Y)),
        (X, Y[:, None]),
        {"image": X, "label": Y},
        {"Inputs": X, "Target": Y, "path": ["p"] * N},
        OrderedDict(x=X, y=tuple(Y.tolist())),
        namedtuple("Batch", "pictures classes")(X, Y),
    ],
)
def test_batches_of_every_usual_form(net, batch):
    data = embed(net, [batch])
    net.eval()
    assert np.allclose(data.vectors, net(X).detach().numpy(), atol=1e-6)
    assert names(data) == [str(y) for y in Y.tolist()]


def test_labels_are_names_of_any_type():
    model = Returns(lambda x: x)
    words = [f"class {int(y)}" for y in Y]
    assert names(embed(model, [(X, words)])) == words
    assert names(embed(model, [(X, tuple(words))])) == words
    assert names(embed(model, [(X, np.array(words))])) == words
    halves = embed(model, [(X[:25], Y[:25].to(torch.int32)), (X[25:], Y[25:].to(torch.uint8))])
    assert names(halves) == [str(y) for y in Y.tolist()]
    assert "missing" in refused(model, [(X, [None, *words[1:]])])


def test_nested_inputs_are_handed_on_as_they_are():
    pair = namedtuple("Pair", "left right")
    for x, make in (
        ({"a": X, "b": [X, "text"]}, lambda x: x["a"] + x["b"][0]),
        ([X, X], lambda x: x[0] + x[1]),
        (pair(X, (X, 3)), lambda x: x.left + x.right[0]),
    ):
        assert np.array_equal(embed(Returns(make), [(x, Y)]).vectors, (X + X).numpy())
    words = {"input_ids": X, "attention_mask": X, "labels": Y}
    model = Returns(lambda input_ids, attention_mask: input_ids + attention_mask)
    assert np.array_equal(embed(model, [words]).vectors, (X + X).numpy())


def test_a_dict_of_loaders_makes_the_split(net):
    data = embed(net, {"train": loader(), "test": [(X[:10], Y[:10])]})
    assert (data.n, list(data.split)) == (60, ["train"] * 50 + ["test"] * 10)
    assert Geometry(data).evaluation.about().startswith("10 test queries against 50 train rows")
    text = refused(net, {"train": loader(), "test": []})
    assert text.startswith("loader 'test' gave no batch")


def test_shuffled_dropped_and_repeated_rows_are_told():
    model = Returns(lambda x: x)
    torch.manual_seed(3)
    data = embed(model, loader(shuffle=True, drop_last=True))
    torch.manual_seed(3)
    order = torch.cat([y for _, y in loader(shuffle=True, drop_last=True)])
    assert names(data) == [str(int(y)) for y in order]
    assert data.notes[1:] == (
        "The loader drops its last batch: 2 of 50 rows.",
        "The loader shuffles: row numbers are of the loader's order.",
    )
    again = RandomSampler(Y, replacement=True, num_samples=40)
    assert "with replacement" in embed(model, loader(sampler=again)).notes[1]


def test_half_precision_becomes_float32_and_what_is_not_finite_is_refused(net):
    for kind in (torch.bfloat16, torch.float16):
        data = embed(Returns(lambda x, kind=kind: x.to(kind)), loader())
        assert data.vectors.dtype == np.float32
        assert np.array_equal(data.vectors, X.to(kind).float().numpy())
    mixed = embed(net, loader(), mixed_precision=True)
    assert np.allclose(mixed.vectors, plain(net), atol=0.05)
    assert not np.array_equal(mixed.vectors, plain(net))
    assert "mixed precision (torch.bfloat16)" in mixed.notes[0]
    assert not torch.is_autocast_enabled("cpu")
    bad = X.clone()
    bad[7, 2] = float("inf")
    text = refused(Returns(lambda x: x), [(bad, Y)])
    assert text.startswith("vectors must be finite; 1 of 50 rows are not (first: row 7)")
    kept = embed(Returns(lambda x: x), [(bad, Y)], on_invalid="drop")
    assert (kept.n, kept.notes[-1]) == (
        49,
        "1 of 50 rows were dropped because they are not finite.",
    )
    wide = X.double() + 1e9
    assert "lose their differences" in refused(Returns(lambda x: wide[: len(x)]), [(X, Y)])


def test_what_eval_mode_does_not_mend_is_told():
    always = embed(Returns(lambda x: nn.functional.dropout(x, 0.5)), loader())
    assert "something random is on in eval mode" in always.notes[0]
    batchwise = nn.Sequential(nn.BatchNorm1d(D, track_running_stats=False), nn.Linear(D, 3))
    assert "depends on the batch" in embed(batchwise, loader()).notes[1]


def test_outputs_of_several_parts_need_a_choice():
    model = Returns(lambda x: (x, x[:, :2]))
    text = refused(model, loader())
    assert "on batch 0 it gave a tuple of 2: (16, 6), (16, 2)" in text
    assert "output=0" in text
    assert embed(model, loader(), output=1).d == 2
    named = Returns(lambda x: {"embedding": x, "logits": x})
    assert embed(named, loader(), output="embedding").d == D
    assert "a dict of 2: 'embedding' (16, 6)" in refused(named, loader())
    assert "output='pooled' is no part" in refused(named, loader(), output="pooled")
    assert "output=4 is no part" in refused(model, loader(), output=4)


def test_outputs_must_be_rows_of_one_length():
    maps = Returns(lambda x: x.reshape(-1, 2, 3))
    assert "shape (16, 2, 3)" in refused(maps, loader())
    assert np.array_equal(embed(maps, loader(), flatten=True).vectors, X.numpy())
    assert "squeeze a batch of one row" in refused(Returns(torch.squeeze), [(X[:1], Y[:1])])
    assert "16 labels, and the model gave 8 rows" in refused(Returns(lambda x: x[::2]), loader())
    text = refused(Returns(lambda x: x), [(X, Y), (X[:, :4], Y)])
    assert "embedded in 4 dimensions, the batches before in 6" in text


@pytest.mark.parametrize(
    ("model", "batches", "said"),
    [
        (Net, loader(), "Call it first: embed(Net(), loader)"),
        (lambda x: x, loader(), "model must be a torch.nn.Module; it is a value of type function"),
        (nn.Identity(), 5, "must give batches"),
        (nn.Identity(), [], "gave no batch"),
        (nn.Identity(), iter([]), "used up before"),
        (nn.Identity(), [X], "batch 0 has no labels: it is a Tensor of shape (50, 6)"),
        (nn.Identity(), [(X,)], "has no labels: it is a tuple of 1: (50, 6)"),
        (nn.Identity(), [(X, X[:, :3])], "One-hot rows: give labels.argmax(1)"),
        (nn.Identity(), [(X, X[None], X)], "a loader of pairs or triplets?"),
        (nn.Identity(), [(X, [X[0], X[1]])], "not one value a row"),
        (nn.Identity(), TensorDataset(X, Y), "Is this a dataset? Wrap it"),
        (nn.Identity(), [(X[0], 3)], "one value and no row of them"),
        (nn.Identity(), [(X, Y[:9])], "9 labels, and the model gave 50 rows"),
        (nn.Identity(), [{"image": X}], "lacks the labels"),
        (nn.Identity(), [{"label": Y}], "lacks the input"),
        (nn.Identity(), [{"image": X, "label": Y, "target": Y}], "2 keys that could be the labels"),
        (nn.Identity(), [{"image": X, "x": X, "label": Y}], "2 keys that could be the input"),
        (nn.Linear(6, 2, device="meta"), loader(), "has no weights"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(model, batches, said):
    assert said in refused(model, batches)


def test_a_device_that_is_not_there_is_refused():
    assert "device 'nowhere' is not there" in refused(nn.Linear(6, 2), loader(), device="nowhere")
    if not torch.cuda.is_available():
        assert "device 'cuda' is not there" in refused(nn.Linear(6, 2), loader(), device="cuda")


def test_a_model_on_two_devices_stays_where_it_is(monkeypatch):
    both = {torch.device("cpu"), torch.device("cuda", 0)}
    monkeypatch.setattr(
        "embedding_second_opinion.model_audit.model_state._homes", lambda model: both
    )
    monkeypatch.setattr(nn.Module, "to", lambda self, place: pytest.fail("it was moved"))
    assert embed(nn.Linear(6, 2), loader()).n == N
    text = refused(nn.Linear(6, 2), loader(), device="cpu")
    assert "lies on 2 devices (cpu, cuda:0) and cannot be moved to cpu" in text


def test_progress_can_be_seen_and_silenced(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "embedding_second_opinion.model_audit.embed.tqdm",
        lambda each, **words: shown.append(words["desc"]) or each,
    )
    so.embed(nn.Identity(), loader(), progress=False)
    assert shown == []
    so.embed(nn.Identity(), {"train": loader()})
    assert shown == ["embed train"]


def test_the_library_does_not_wait_for_torch():
    code = (
        "import sys, embedding_second_opinion as so; assert 'torch' not in sys.modules;"
        "so.audit_metric; assert 'torch' not in sys.modules;"
        "so.embed; assert 'torch' in sys.modules; assert callable(so.embed)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        so.nothing  # noqa: B018


def test_the_bundled_model_gives_the_same_bits_in_any_order_of_adding():
    pictures = sample("digits")
    model = live_model.UntrainedNetwork(live_model.inputs(pictures), seed=3)
    data = embed(model, live_model.loaders(pictures))
    x = pictures.images.reshape(pictures.n, -1).astype(np.float64)
    first, last = (model.layers[i].weight.detach().double().numpy() for i in (0, 3))
    exact = np.maximum(x[:, ::-1] @ first[:, ::-1].T, 0) @ last.T
    assert np.array_equal(data.vectors, exact)
    assert [pictures.classes[c] for c in pictures.codes] == names(data)
    split = planted("leaked")
    again = embed(live_model.UntrainedNetwork(live_model.inputs(split)), live_model.loaders(split))
    assert sorted(set(again.split)) == sorted(set(split.split))
    assert again.n == split.n
