"""What the README promises can be done as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_second_opinion.request import open_evaluation

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


class KerasLike:
    """The one method of a Keras model that the snippet calls."""

    def predict(self, images):
        return np.asarray(images).reshape(len(images), -1)[:, :4]


def bring(name):
    """What a user has in hand before the snippet."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((40, 3, 3)).astype(np.float32), np.arange(40) % 8
    if name == "torch":
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(9, 4))
        data = torch.utils.data.TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
        loader = torch.utils.data.DataLoader(data, batch_size=16)
        return {"torch": torch, "np": np, "model": model, "loader": loader}
    return {"np": np, "model": KerasLike(), "images": images, "labels": labels}


@pytest.mark.parametrize(("place", "name"), [(0, "torch"), (1, "keras")])
def test_five_lines_save_what_the_door_reads(place, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snippet = SNIPPETS[place]
    assert len(snippet.strip().splitlines()) <= 5
    exec(snippet, bring(name))
    evaluation = open_evaluation("my_embeddings.npz")
    assert (len(evaluation.queries), evaluation.data.d, len(evaluation.classes)) == (40, 4, 8)


def test_from_python_arrays_go_in_and_a_sentence_and_a_page_come_out(
    tmp_path, monkeypatch, capsys, this_tree_installed
):
    monkeypatch.chdir(tmp_path)
    snippet = SNIPPETS[2]
    assert len([line for line in snippet.splitlines() if line]) <= 5
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(8), 6)
    X = rng.normal(size=(8, 4))[y] + 0.3 * rng.normal(size=(48, 4))
    brought = {"X": X, "y": y}
    exec(snippet, brought)
    sentence = capsys.readouterr().out
    assert sentence.startswith("99.0 % triplet accuracy was claimed")
    assert sentence.count("\n") == 1
    assert sorted(path.name for path in (tmp_path / "my-report").iterdir()) == [
        "findings.json",
        "report.html",
    ]
    assert brought["result"]["hubness"].code == "hubness"


def test_both_commands_and_every_exit_code_are_there():
    assert "make report" in README
    assert "make test" in README
    assert re.findall(r"^\| (\d) \|", README, flags=re.M) == ["0", "2", "3", "4"]
