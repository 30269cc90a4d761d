"""What is a metric tried on? Self-tests on generated sets, as often as its own noise asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from threadpoolctl import threadpool_limits

from embedding_second_opinion.data.embeddings import InputError

from . import posed as sets
from . import self_tests as test
from .calls import Caller
from .outcomes import Outcome
from .posed import Pose, Posed, Shape
from .random_state import kept_random_state, seed_everything
from .right import WITH_K, Kind, by_chance, right_value

FEWEST = 3  # repetitions of the test with many rows, which takes longest
MOST = 200  # repetitions of a test whose value varies
ROWS = 60  # of a set, or more where k asks for more
# A metric that breaks here cannot be audited.
NEEDED = (test.NEAREST, test.FARTHEST, test.RANDOM, test.AT_K, test.BEYOND_K)
CHANGES: dict[str, Callable[[Posed, np.random.Generator], Posed]] = {
    test.ORDER: sets.sorted_by_class,
    test.NAMES: sets.renamed,
    test.SCALE: sets.scaled,
}


@dataclass(frozen=True)
class Setting:
    """What the metric is said to measure, and how it is called."""

    kind: Kind
    k: int
    apart: bool

    @property
    def shape(self) -> Shape:
        """Two rows a class; k + 1 where the kind is not known, so that k neighbours can all be right."""
        rows = self.k + 1 if self.kind == "other" else 2
        return Shape(max(12, -(-ROWS // rows), self.k + 10), rows, self.k, self.apart)

    @property
    def place(self) -> int:
        """The last place that counts: R-precision and MAP@R look at as many as the positives, here one."""
        return self.k if self.kind in WITH_K else 1

    def poses(self) -> dict[str, Pose]:
        """The sets by the names of the tests that are made on them."""
        found: dict[str, Pose] = {
            test.NEAREST: sets.every_positive_nearest,
            test.FARTHEST: sets.every_positive_farthest,
            test.RANDOM: sets.random_labels,
            test.EQUAL: sets.equal_vectors,
            test.OWN_COPIES: sets.copies_in_own_class,
            test.OTHER_COPIES: sets.copies_in_other_classes,
            test.LONE: sets.classes_of_one_row,
            test.MANY: sets.every_positive_nearest_of_many,
        }
        if self.apart:
            # A query that is not enrolled cannot be taken for its copy.
            del found[test.OTHER_COPIES]
        if self.kind not in ("triplet", "other"):
            found |= {
                test.AT_K: sets.positive_in_place(self.place),
                test.BEYOND_K: sets.positive_in_place(self.place + 1),
            }
        return found

    def right(self, name: str, posed: Posed) -> float | None:
        """The right value; None where it is not known, or where only an upper bound is."""
        if name == test.EQUAL or (name == test.RANDOM and self.kind == "other"):
            return None
        if self.kind == "other":
            return float(name in (test.NEAREST, test.OWN_COPIES, test.MANY))
        return right_value(posed, self.kind, self.k)


def tried(
    caller: Caller, setting: Setting, *, seed: int, repetitions: int, tolerance: float
) -> tuple[list[Outcome], float]:
    """All self-tests, and the standard deviation between two calls on one and the same set.

    Each test is repeated ``repetitions`` times, and where its value varies, until the mean is known to a
    quarter of the tolerance (of half the deviation, where that is more), or ``MOST`` times. The random
    numbers of the process, which the metric may draw from, start anew at each call, and are given back as
    they were.
    """
    poses = setting.poses()
    outcomes = {
        name: Outcome(name, at_most=name == test.EQUAL)
        for name in (*poses, *CHANGES)
        if not (name == test.RANDOM and setting.kind == "other")
    }
    again: list[float] = []
    # Small sets: threads of BLAS would wait for each other longer than they work.
    with kept_random_state(), threadpool_limits(1, user_api="blas"):
        for repetition in range(max(repetitions, MOST)):
            left = {
                name: o
                for name, o in outcomes.items()
                if _goes_on(o, repetition, repetitions, tolerance)
            }
            if not left:
                break
            turn = _Turn(caller, setting, seed, repetition)
            for name, pose in poses.items():
                if name in left:
                    turn.pose(left[name], pose)
            if CHANGES.keys() & left.keys():
                again.append(turn.change(left))
    noise = float(np.sqrt(np.mean(np.square(again)) / 2)) if again else 0.0
    return list(outcomes.values()), noise


def _goes_on(outcome: Outcome, done: int, asked: int, tolerance: float) -> bool:
    if outcome.broken:
        return False
    if done < (min(asked, FEWEST) if outcome.name == test.MANY else asked):
        return True
    return outcome.error > 0 and outcome.reach() > max(tolerance, outcome.off / 2) / 4


@dataclass(frozen=True)
class _Turn:
    """One repetition of the self-tests that are left."""

    caller: Caller
    setting: Setting
    seed: int
    repetition: int

    def pose(self, outcome: Outcome, pose: Pose) -> None:
        """One set, and what is right there."""
        posed = pose(self.rng(outcome.name), self.setting.shape)
        right = self.setting.right(outcome.name, posed)
        if right is None:
            right = by_chance(posed, self.setting.kind, self.setting.k)
        self.ask(outcome, posed, right)

    def change(self, left: dict[str, Outcome]) -> float:
        """One random set in other order, names and scale; and how far off it is once more as it is."""
        rng, first = self.rng("changes"), Outcome(test.RANDOM)
        posed = sets.random_labels(rng, self.setting.shape)
        self.ask(first, posed, 0.0)
        for name, change in CHANGES.items():
            if name in left:
                self.ask(left[name], change(posed, rng), first.value)
        seed_everything(int(rng.integers(2**31)))
        return self.caller(posed, test.RANDOM.replace("_", " ")) - first.value

    def ask(self, outcome: Outcome, posed: Posed, right: float) -> None:
        """Adds the value, or the reason where a test that can be done without breaks."""
        seed_everything(int(self.rng(outcome.name, "call").integers(2**31)))
        words = outcome.name.replace("_", " ")
        try:
            value = self.caller(posed, words)
            if np.isnan(value):
                raise InputError(f"the metric gave nan, no number, in the self-test '{words}'.")
        except InputError as error:
            if outcome.name in NEEDED:
                raise
            outcome.broken = " ".join(str(error.__cause__ or error).split())
            return
        outcome.values.append(value)
        outcome.right.append(right)

    def rng(self, *purpose: str) -> np.random.Generator:
        """Of its own for each purpose."""
        words = (crc32(word.encode()) for word in purpose)
        return np.random.default_rng([self.seed, self.repetition, *words])
