"""Logs as they are written by hand, by Lightning and by TensorBoard are read; what is none is refused."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.inputs.training_log import read_log, role_of


def written(tmp_path, text, name="log.csv"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("column", "role"),
    [
        ("loss", "loss"),
        ("train_loss", "loss"),
        ("train/loss", "loss"),
        ("Loss/train", "loss"),
        ("train_loss_epoch", "loss"),
        ("epoch_loss", "loss"),
        ("triplet_loss", "loss"),
        ("val_loss", "val_loss"),
        ("validation/epoch_loss", "val_loss"),
        ("accuracy", "accuracy"),
        ("train_triplet_acc", "accuracy"),
        ("val_triplet_acc", "val_accuracy"),
        ("test_acc", "val_accuracy"),
        ("recall@1", "val_accuracy"),
        ("train_recall@1", "accuracy"),
        ("MAP@R", "val_accuracy"),
        ("active_triplet_frac", "active_share"),
        ("fraction_positive_triplets", "active_share"),
        ("grad_norm", "grad_norm"),
        ("grad_2.0_norm_total", "grad_norm"),
        ("embedding_norm", "embedding_norm"),
        ("lr-Adam", "lr"),
        ("d_ap", "d_ap"),
        ("dist_an", "d_an"),
        ("seconds", None),
        ("epoch", None),
        ("recall@10", None),
        ("num_nonzero_triplets", None),
    ],
)
def test_usual_names_are_known(column, role):
    assert role_of(column) == role


def test_a_table_by_hand(tmp_path):
    log = read_log(
        written(tmp_path, "epoch,loss,val_acc,note\n1,0.5,61,a\n2,0.4,65.5,b\n3,0.3,70,c\n")
    )
    assert log.step.tolist() == [1, 2, 3]
    assert log.curves["loss"].tolist() == [0.5, 0.4, 0.3]
    assert log.curves["val_accuracy"] == pytest.approx([0.61, 0.655, 0.70])
    assert log.called == {"loss": "loss", "val_accuracy": "val_acc"}
    assert any("read as percent" in note for note in log.notes)
    assert not log.step.flags.writeable
    assert not log.curves["loss"].flags.writeable


def test_lightning_writes_losses_and_accuracies_in_different_rows(tmp_path):
    text = (
        "epoch,step,train_loss_step,train_loss_epoch,val_acc\n"
        "0,49,0.9,,\n0,99,0.8,,\n0,99,,,0.5\n0,99,,0.85,\n1,149,0.6,,\n1,199,,,0.7\n1,199,,0.55,\n"
    )
    log = read_log(written(tmp_path, text, "metrics.csv"))
    assert log.step.tolist() == [49, 99, 149, 199]
    np.testing.assert_array_equal(log.curves["loss"], [np.nan, 0.85, np.nan, 0.55])
    np.testing.assert_array_equal(log.curves["val_accuracy"], [np.nan, 0.5, np.nan, 0.7])
    assert any("'train_loss_step' is not read" in note for note in log.notes)


def test_tensorboard_one_curve_a_file_or_all_with_their_tags(tmp_path):
    one = "Wall time,Step,Value\n1.7e9,10,0.5\n1.7e9,20,0.25\n"
    log = read_log(written(tmp_path, one, "run-1-tag-train_loss.csv"))
    assert log.curves["loss"].tolist() == [0.5, 0.25]
    assert log.called["loss"] == "train_loss"
    with pytest.raises(InputError, match="its name does not say of what"):
        read_log(written(tmp_path, one, "downloaded.csv"))
    many = "run,tag,step,value\n"
    many += "".join(f"train,epoch_loss,{s},{1 / (s + 1)}\n" for s in range(3))
    many += "".join(f"validation,epoch_accuracy,{s},{0.5 + s / 10}\n" for s in range(3))
    log = read_log(written(tmp_path, many))
    assert log.curves["loss"] == pytest.approx([1, 1 / 2, 1 / 3])
    assert log.curves["val_accuracy"] == pytest.approx([0.5, 0.6, 0.7])
    with pytest.raises(InputError, match="holds 2 runs"):
        read_log(written(tmp_path, many.replace("validation", "run_b")))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_decimal_commas(tmp_path, separator):
    text = "step,loss,accuracy\n10,0.5,0.6\n20,0.4,0.7\n".replace(",", separator)
    if separator == ";":
        text = text.replace(".", ",")
    log = read_log(written(tmp_path, text))
    assert log.curves["loss"].tolist() == [0.5, 0.4]
    assert log.curves["accuracy"].tolist() == [0.6, 0.7]


def test_steps_that_start_anew_each_epoch_are_no_axis(tmp_path):
    rows = "".join(f"{e},{b},{1 - 0.1 * e}\n" for e in range(3) for b in range(4))
    log = read_log(written(tmp_path, "epoch,iteration,loss\n" + rows))
    assert log.step.tolist() == [0, 1, 2]  # by epoch, the last value of each
    log = read_log(written(tmp_path, "loss,acc\n0.5,0.5\n0.4,0.6\n"))
    assert log.step.tolist() == [0, 1]
    assert any("its rows are counted instead" in note for note in log.notes)


def test_a_resumed_run_and_a_loss_that_is_no_number_are_told(tmp_path):
    rows = [*range(10, 120, 10), 100, *range(110, 300, 10)]
    text = "step,loss\n" + "".join(f"{s},{i}\n" for i, s in enumerate(rows))
    log = read_log(written(tmp_path, text))
    assert log.curves["loss"][9] == 11  # step 100, the later one
    assert any("go back 1 times" in note for note in log.notes)
    log = read_log(written(tmp_path, "step,loss\n1,0.5\n2,nan\n3,inf\n4,0.4\n"))
    assert np.isnan(log.curves["loss"]).tolist() == [False, True, True, False]
    assert any("not finite in 2 rows (first: row 1)" in note for note in log.notes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "log.csv is empty"),
        (" \n\n", "log.csv is empty"),
        ("step,loss,acc\n1,nan,nan\n2,inf,\n", "no finite value in loss and acc. Give a table"),
        ("step,loss\n", "no rows"),
        ("only words here\n", "one column only"),
        ("a,b\n1,2\n", "no column that is known"),
        ("step,loss\n1,0.5\n2,high\n", "row 1 has 'high'"),
        ("step,loss,loss\n1,2,3\n", "two columns called 'loss'"),
        ("step,val_acc\n1,1e5\n", "a share from 0 to 1"),
        ("step,val_acc\n1,-0.5\n", "a share from 0 to 1"),
        ("step,val_acc\n1,1.2\n", "a share from 0 to 1"),
        ('step,loss\n1,"0.5\n', "no table that can be read"),
    ],
)
def test_what_is_no_log_is_refused_in_one_sentence(tmp_path, text, why):
    with pytest.raises(InputError, match=why) as error:
        read_log(written(tmp_path, text))
    assert "\n" not in str(error.value)


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        read_log(str(tmp_path / "none.csv"))
    with pytest.raises(InputError, match="is a folder"):
        read_log(str(tmp_path))
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00,\x01")
    with pytest.raises(InputError, match="no text in UTF-8"):
        read_log(str(tmp_path / "bytes.csv"))


def test_a_real_log(shared_data):
    log = read_log(str(shared_data / "omniglot_triplet" / "training_log.csv"))
    assert len(log.step) == 30
    assert set(log.curves) == {"loss", "accuracy", "active_share", "val_accuracy"}
    assert log.curves["active_share"][-1] == 0.02042
