"""How often are the largest step, the top cause and the best remedy the planted ones? Over many seeds.

Each set has one flaw, and it is known by construction which step of the waterfall it makes the largest, which
diagnostic is its cause, and which remedy is the best; what is not known by construction is left blank.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from scipy.stats import binomtest
from tqdm import tqdm

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.catalogue.remedies.check import remedies
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.remedy.kinds import BY_KEY
from embedding_second_opinion.samples.planted import planted, planted_inputs
from embedding_second_opinion.samples.planted_remedies import BEST
from embedding_second_opinion.story.summary import summarise

TABLE = Path(__file__).with_name("attribution.md")
FIRST_SEED = 12_100  # none of them was looked at while a rule was being written
# What a user loses to all negatives is N in most sets; a claim that is wrong is B; small classes are W;
# strangers let in are O.
STEPS = {
    "look_alikes": ("N", "cluster_proximity"),
    "crowded": ("N", "cluster_proximity"),
    "collapsed": ("N", "collapse"),
    "minority_collapse": ("W", "class_imbalance"),
    "hubs": ("N", "hubness"),
    "wrong_labels": ("N", "label_noise"),
    "unscaled_columns": ("N", "metric_choice"),
    "needs_cosine": ("N", "metric_choice"),
    "shifted": ("N", "shift"),
    "let_in": ("O", "open_set"),
    "self_match_claim": ("B", "claim_audit"),
    "lenient_ties_claim": ("B", "claim_audit"),
}
QUIET = ("healthy_many_classes", "healthy_split", "healthy_strangers", "healthy_few_samples")


@dataclass(frozen=True)
class Said:
    """Of one set: the letter of the largest loss, what explains it, and the remedy with its verdict.

    perhaps: the cause is named as possible only, as none is sure.
    """

    name: str
    letter: str = ""
    cause: str = ""
    perhaps: bool = False
    remedy: str = ""
    verdict: str = ""


def step(work: tuple[str, int]) -> Said:
    """The largest loss and what explains it."""
    name, seed = work
    space = Geometry(planted(name, seed), seed=seed)
    inputs = planted_inputs(name, seed, Inputs(map_points=0))
    # Whatever can be a cause; the others cannot change what is said of the waterfall.
    able = {code for codes in registry.explains().values() for code in codes}
    among = [code for code in registry.codes() if code in {registry.first(), *able}]
    way = summarise(space, list(registry.run(space, inputs, among)), inputs).attribution
    largest = way.largest if way is not None else None
    if largest is None:
        return Said(name)
    return Said(name, largest.letter, largest.cause, ", perhaps: " in largest.because)


def fix(work: tuple[str, int]) -> Said:
    """The remedy that is chosen, and whether it is said to help."""
    name, seed = work
    found = remedies(Geometry(planted(name, seed), seed=seed))
    key = next(
        (k for k, r in BY_KEY.items() if f"remedies {r.name} is chosen" in found.explanation), ""
    )
    return Said(name, remedy=key, verdict=str(found.verdict))


def known(path: Path | None) -> dict[tuple[str, str, int], Said]:
    """What an earlier run has written down, by part, set and seed."""
    if path is None or not path.is_file():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(row["part"], row["said"]["name"], row["seed"]): Said(**row["said"]) for row in rows}


def run(pool: Executor, part: str, work: list[tuple[str, int]], trials: Path | None) -> list[Said]:
    """All of one part; what is written down already is not run again."""
    done = known(trials)
    left = [each for each in work if (part, *each) not in done]
    found = pool.map({"step": step, "fix": fix}[part], left)
    for (name, seed), said in zip(
        left, tqdm(found, total=len(left), unit="set", disable=False), strict=True
    ):
        done[part, name, seed] = said
        if trials is not None:
            with trials.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"part": part, "seed": seed, "said": asdict(said)}) + "\n")
    return [done[(part, *each)] for each in work]


def main() -> None:
    """Run all, write the table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="seeds a set")
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--trials", type=Path, help="kept here, so that a broken run goes on")
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    start = time.perf_counter()
    with ProcessPoolExecutor(options.processes) as pool:
        said, fixed = (
            run(pool, part, [(name, seed) for seed in seeds for name in names], options.trials)
            for part, names in (("step", tuple(STEPS)), ("fix", (*BEST, *QUIET)))
        )
    lines, kept = report(said, fixed, options.first, options.seeds)
    print("\n".join(lines))
    print(f"\n{len(said) + len(fixed)} sets in {(time.perf_counter() - start) / 60:.0f} minutes")
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if kept else 1)


def report(said: list[Said], fixed: list[Said], first: int, n: int) -> tuple[list[str], bool]:
    """The tables in Markdown, and whether every promise is kept."""
    lines = [
        "# How often the explanation is the planted one",
        "",
        f"Seeds {first} to {first + n - 1}, made by `python -m benchmarks.attribution`. In brackets: 95 % "
        "intervals (Wilson).",
        "",
        "Perhaps: the right cause is named as possible only, since no finding is sure.",
        "",
        "| set | largest step | it is | its cause | it is | of these perhaps |",
        "|---|---|---|---|---|---|",
    ]
    kept = True
    for name, (letter, cause) in STEPS.items():
        found = [each for each in said if each.name == name]
        steps = sum(each.letter == letter for each in found)
        causes = sum(each.cause == cause for each in found)
        kept = kept and min(steps, causes) >= 0.95 * n
        guessed = sum(each.cause == cause and each.perhaps for each in found)
        lines.append(
            f"| {name} | {letter} | {_share(steps, n)} | {cause} | {_share(causes, n)} | {guessed} |"
        )
    lines += ["", "| set | best remedy | chosen most | alarm |", "|---|---|---|---|"]
    for name, key in BEST.items():
        found = [each for each in fixed if each.name == name]
        right = sum(each.remedy == key for each in found)
        alarms = sum(each.verdict == Verdict.ALARM for each in found)
        kept = kept and min(right, alarms) >= 0.95 * n
        lines.append(f"| {name} | {BY_KEY[key].name} | {_share(right, n)} | {_share(alarms, n)} |")
    lines += ["", "| healthy set | said to help | unsure |", "|---|---|---|"]
    for name in QUIET:
        found = [each for each in fixed if each.name == name]
        alarms = sum(each.verdict == Verdict.ALARM for each in found)
        unsure = sum(each.verdict == Verdict.UNSURE for each in found)
        kept = kept and alarms <= 0.05 * n
        lines.append(f"| {name} | {_share(alarms, n)} | {unsure} of {n} |")
    return lines, kept


def _share(hits: int, total: int) -> str:
    bounds = binomtest(hits, total).proportion_ci(method="wilson")
    return f"{hits} of {total} [{100 * bounds.low:.0f}, {100 * bounds.high:.0f}]"


if __name__ == "__main__":
    main()
