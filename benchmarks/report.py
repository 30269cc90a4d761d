"""What does a whole report cost? Seconds and peak memory of the command, maps included.

The command is run twice on each set and the second run counts: the first one may compile. Memory
is the resident set of the command and all its children together, sampled.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

GIB = 2**30


def main() -> None:
    """Print a line for the bundled set and one for each size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[50_000])
    options = parser.parse_args()
    print(f"{psutil.cpu_count()} cores; whole command, second run")
    print(f"{'set':28} {'seconds':>8} {'peak GiB':>9} {'page MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        measure("glyphs (bundled)", ["sample:glyphs", "--strangers", "unknown"], work)
        for rows in options.rows:
            data = work / f"{rows}.npz"
            save(data, rows, rows // 20)
            measure(f"{rows:,} x 128, {rows // 20:,} classes", [str(data)], work)


def save(path: Path, rows: int, classes: int) -> None:
    """Gaussian classes that overlap as a trained network's do."""
    rng = np.random.default_rng(0)
    labels = np.arange(rows) % classes
    vectors = rng.standard_normal((classes, 128))[labels] + 1.6 * rng.standard_normal((rows, 128))
    np.savez(path, embeddings=vectors.astype(np.float32), labels=labels)


def measure(name: str, arguments: list[str], work: Path) -> None:
    """Run twice, print the second."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "embedding_second_opinion_reports.cli",
        "report",
        *arguments,
    ]
    out = work / "report"
    for _ in range(2):
        seconds, memory = run([*command, "--out", str(out)])
    size = (out / "report.html").stat().st_size / 1e6
    print(f"{name:28} {seconds:8.1f} {memory / GIB:9.2f} {size:8.2f}", flush=True)


def run(command: list[str]) -> tuple[float, int]:
    """Seconds, and the most memory the command and its children held at one moment."""
    start = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident(process))
        time.sleep(0.05)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - start, peak


def resident(process: psutil.Process) -> int:
    """Bytes held by a process and all below it; those that are just ending count as nothing."""
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for each in family:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


if __name__ == "__main__":
    main()
