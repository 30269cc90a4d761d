"""What did training log, step by step?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.data.sources import regular
from embedding_second_opinion.findings.wording import number, some

if TYPE_CHECKING:
    import pandas as pd


LARGEST = 200 * 2**20  # bytes; a log of more is no log of one run
SEPARATORS = (",", ";", "\t")
ABSENT = ("", "NA", "N/A", "null", "None", "-")
STEPS = ("step", "global_step", "iteration", "iter", "it", "steps", "iterations", "n_iter")
EPOCHS = ("epoch", "epochs")
NAMES, VALUES = ("tag", "metric", "name", "key", "variable"), ("value", "val", "scalar")
PARTS = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval", "test"), "val"),
}
AROUND = ("epoch", "mean", "avg", "average")  # words before or behind a role
# What is left of a name without the part of the data, the epoch or step, and "mean": its role.
CORES = {
    "loss": "loss total_loss triplet_loss contrastive_loss triplet_margin_loss metric_loss pair_loss",
    "accuracy": "accuracy acc triplet_acc triplet_accuracy pair_accuracy pair_acc top1 top_1 "
    "top1_accuracy categorical_accuracy sparse_categorical_accuracy binary_accuracy acc1 acc_1",
    "retrieval": "recall_at_1 recall_1 recall1 r_at_1 r1 precision_at_1 p_at_1 map_at_r r_precision map "
    "rank1 rank_1 nn_accuracy 1nn_accuracy knn_accuracy mean_average_precision_at_r",
    "active_share": "active_share active_fraction active_frac active_triplet_frac active_triplet_fraction "
    "active_triplets_frac fraction_positive_triplets frac_positive_triplets fraction_active "
    "fraction_active_triplets frac_active nonzero_fraction",
    "satisfaction": "margin_satisfaction satisfaction satisfied margin_satisfied satisfied_share",
    "grad_norm": "grad_norm gradient_norm grad_2_norm_total grad_2_0_norm_total total_grad_norm",
    "embedding_norm": "embedding_norm embeddings_norm emb_norm norm embedding_l2_norm "
    "embedding_norms feature_norm",
    "lr": "lr learning_rate lr_adam lr_sgd lr_adamw lr_group_0 base_lr",
    "d_ap": "d_ap ap_distance dist_ap pos_dist positive_distance distance_positive pos_distance dist_pos",
    "d_an": "d_an an_distance dist_an neg_dist negative_distance distance_negative neg_distance dist_neg",
}
ROLE_OF = {name: role for role, names in CORES.items() for name in names.split()}
SHARES = ("accuracy", "val_accuracy", "active_share", "satisfaction")
GIVE = "Give a table with columns of the step, a loss and an accuracy, named so in its first line"


@dataclass(frozen=True, eq=False)
class TrainingLog:
    """Curves of one training run. Build it with ``read_log``, which checks everything.

    step: (t,) increasing. curves: by role ("loss", "accuracy", ...), each (t,), NaN where a step logged none.
    Roles: loss, val_loss, accuracy, val_accuracy, active_share, satisfaction (shares of triplets, 0 to 1),
    grad_norm, embedding_norm, lr, d_ap, d_an.
    called: by role, the user's own name of the column. notes: what was chosen or is odd, in sentences.
    """

    step: Reals
    curves: Mapping[str, Reals] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    name: str = "log"
    notes: tuple[str, ...] = ()


def read_log(path: str) -> TrainingLog:
    """Read one file: a table with a column for each curve, or one with columns tag, step and value.

    Written by hand, by Lightning's CSVLogger (losses and accuracies in different rows), or downloaded
    from TensorBoard (one curve, named by the file). Comma, semicolon or tab. Raises InputError, in one
    sentence, for what is no log: no file, no numbers, no step or no curve that is known by its name.
    """
    file = Path(path)
    frame = _spread(_table(file), file)
    notes: list[str] = []
    step, kept = _steps(frame, file, notes)
    curves: dict[str, Reals] = {}
    called: dict[str, str] = {}
    for column in sorted(frame.columns, key=_urgency):
        role = role_of(column)
        if role is None or column in kept:
            continue
        values = _numbers(frame[column].tolist(), column, file)
        if np.isnan(values).all():
            continue
        if role in curves:
            notes.append(
                f"{file.name}: '{column}' is not read: {_words(role)} is '{called[role]}'."
            )
            continue
        curves[role], called[role] = _checked(values, role, column, file, notes), column
    if not curves:
        raise InputError(
            f"{file} has no column that is known as a loss or an accuracy; it has "
            f"{some([*map(repr, frame.columns)], 12)}. {GIVE}."
        )
    step, curves = _in_order(step, curves, file, notes)
    if not curves:
        raise InputError(f"{file} has no finite value in {' and '.join(called.values())}. {GIVE}.")
    listed = ", ".join(f"'{called[role]}' ({_words(role)})" for role in curves)
    notes.insert(0, f"{file.name}: {number(len(step), 'logged step')}; read were {listed}.")
    for array in (step, *curves.values()):
        array.setflags(write=False)
    return TrainingLog(step, curves, called, file.name, tuple(notes))


def role_of(column: str) -> str | None:
    """What a column holds, told by its name: "train/loss" and "loss_epoch" are the loss; None: not known."""
    words = [w for w in re.split(r"[^a-z0-9]+", column.casefold().replace("@", "_at_")) if w]
    part = next((PARTS[w] for w in words if w in PARTS), "")
    left = [w for w in words if w not in PARTS]
    while left and left[-1] in (*AROUND, "step"):
        left = left[:-1]
    while left and left[0] in (*AROUND, "metrics", "batch"):
        left = left[1:]
    role = ROLE_OF.get("_".join(left))
    if role == "retrieval":  # nobody looks up single batches of training: a search is an evaluation
        return "accuracy" if part == "train" else "val_accuracy"
    if role in ("loss", "accuracy"):
        return f"val_{role}" if part == "val" else role
    return None if role is None or part == "val" else role


def _table(file: Path) -> pd.DataFrame:
    """The file as text, columns named by its first line."""
    import pandas as pd

    if regular(file)[1] > LARGEST:
        raise InputError(f"{file} is larger than a log of one run. Thin it out, or give one run.")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file} is no text in UTF-8. {GIVE}.") from None
    head = next((line for line in text.splitlines() if line.strip()), "")
    if not head:
        raise InputError(f"{file} is empty. {GIVE}.")
    separator = max(SEPARATORS, key=head.count)
    if not head.count(separator):
        raise InputError(f"{file} is no table: its first line has one column only. {GIVE}.")
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, index_col=False,
            skipinitialspace=True, on_bad_lines="error",
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise InputError(
            f"{file} is no table that can be read ({str(error).strip()[:120]})."
        ) from None
    names = [name.strip() for name in next(csv.reader([head], delimiter=separator))]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:  # pandas would rename the second
        raise InputError(f"{file} has two columns called {twice!r}. Rename one.")
    frame.columns = names
    if frame.empty:
        raise InputError(f"{file} has a line of column names and no rows.")
    if separator == ";":  # where a semicolon separates, a comma is often the decimal point
        frame = frame.replace(r"^(\s*-?\d+),(\d+\s*)$", r"\1.\2", regex=True)
    return frame


def _spread(frame: pd.DataFrame, file: Path) -> pd.DataFrame:
    """A column for each curve: of TensorBoard's one curve a file, or of rows of tag, step and value."""
    folded = {str(c).casefold().replace(" ", "_"): c for c in frame.columns}
    value = next((folded[v] for v in VALUES if v in folded), None)
    step = next((folded[s] for s in (*STEPS, *EPOCHS) if s in folded), None)
    name = next((folded[n] for n in NAMES if n in folded), None)
    if value is None or step is None:
        return frame
    if name is None:
        tag = file.stem.rsplit("tag-", 1)[-1]  # run-NAME-tag-TAG.csv
        if role_of(tag) is None:
            raise InputError(
                f"{file} holds one curve, and its name does not say of what. Name it after the curve "
                "(val_accuracy.csv), or give one table with the columns tag, step and value."
            )
        return frame[[step, value]].rename(columns={value: tag})
    runs = frame[folded["run"]].unique() if "run" in folded else []
    if len(runs) > 1 and any(PARTS.get(str(r).casefold()) is None for r in runs):
        raise InputError(f"{file} holds {len(runs)} runs. Give the rows of one run.")
    tags = frame[name].astype(str)
    if len(runs) > 1:  # "train" and "validation" are two parts of one run
        tags = frame[folded["run"]].astype(str) + "/" + tags
    wide = frame.assign(_tag=tags).pivot_table(
        index=step, columns="_tag", values=value, aggfunc="last"
    )
    wide = wide.reset_index()
    wide.columns = [str(c) for c in wide.columns]
    return wide.fillna("")


def _steps(frame: pd.DataFrame, file: Path, notes: list[str]) -> tuple[Reals, set[str]]:
    """(t,) step of each row, and the columns that were read for it."""
    folded = {re.sub(r"[^a-z0-9]+", "_", str(c).casefold()): str(c) for c in frame.columns}
    found = {n: folded[n] for n in (*STEPS, *EPOCHS) if n in folded}
    columns = set(found.values())
    for column in found.values():
        values = _numbers(frame[column].tolist(), column, file)
        known = np.isfinite(values)
        # A counter that starts anew with each epoch is no axis; the next may be.
        back = np.count_nonzero(np.diff(values) < 0) if known.all() else len(values)
        if back <= 0.1 * len(values) and (len(values) == 1 or values[-1] > values[0]):
            return values, columns
    notes.append(f"{file.name} has no column of steps that rises; its rows are counted instead.")
    return np.arange(len(frame), dtype=np.float64), columns


def _numbers(texts: list[str], column: str, file: Path) -> Reals:
    """NaN where nothing was logged; infinite where the run logged no number ("nan", "inf")."""
    values = np.full(len(texts), np.nan)
    for i, text in enumerate(texts):
        cell = str(text).strip()
        if cell in ABSENT:
            continue
        try:
            values[i] = float(cell.rstrip("%"))
        except ValueError:
            raise InputError(
                f"{file}: column {column!r} must hold numbers; row {i} has {cell[:40]!r}."
            ) from None
        if np.isnan(values[i]):
            values[i] = np.inf
    return values


def _checked(values: Reals, role: str, column: str, file: Path, notes: list[str]) -> Reals:
    """Finite values, shares from 0 to 1; what is changed is noted."""
    odd = np.isinf(values)
    if odd.any():
        notes.append(
            f"{file.name}: '{column}' is not finite in {number(int(odd.sum()))} (first: row "
            f"{np.flatnonzero(odd)[0]}), which are left out."
        )
        values = np.where(odd, np.nan, values)
    if role not in SHARES or not np.isfinite(values).any():
        return values
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low < 0 or high > 100 or 1 + 1e-6 < high <= 1.5:
        raise InputError(
            f"{file}: column {column!r} is taken for {_words(role)}, a share from 0 to 1 or in percent; it "
            f"holds {low:.4g} to {high:.4g}. Rename it if it is something else."
        )
    if high > 1.5:
        notes.append(f"{file.name}: '{column}' is read as percent.")
        values = values / 100
    return np.minimum(values, 1.0)


def _in_order(
    step: Reals, curves: dict[str, Reals], file: Path, notes: list[str]
) -> tuple[Reals, dict[str, Reals]]:
    """Each step once: rows of one step are put together, and where two hold a curve the later counts."""
    if (np.diff(step) < 0).any():
        back = np.count_nonzero(np.diff(step) < 0)
        notes.append(
            f"{file.name}: the steps go back {back} times; the later value of a step counts."
        )
    steps, place = np.unique(step, return_inverse=True)
    ordered: dict[str, Reals] = {}
    for role, values in curves.items():
        joined = np.full(len(steps), np.nan)
        known = np.isfinite(values)
        joined[place.reshape(-1)[known]] = values[known]  # the last of equal places stays
        if known.any():
            ordered[role] = joined
    return steps, ordered


def _urgency(column: str) -> tuple[bool, bool]:
    """Means over an epoch before values of one step, validation before test."""
    words = re.split(r"[^a-z0-9]+", column.casefold())
    return words[-1] == "step", "test" in words


def _words(role: str) -> str:
    return f"the {role.replace('val_', 'validation ').replace('_', ' ')}"
