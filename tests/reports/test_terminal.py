"""Does the command keep its word whatever listens: full disks, closed streams, escape codes?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embedding_second_opinion_reports import cli

ROOT = Path(__file__).parents[2]


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    script = "from embedding_second_opinion_reports.cli import main; main()"
    return subprocess.run(
        ["sh", "-c", f'"$0" -c "{script}" {line}', sys.executable],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


def test_what_comes_from_a_file_cannot_move_the_cursor(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{"\x1b[2J\x9b31m": np.zeros((4, 2))})
    done = shell("report a.npz", tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\x9b" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    done = shell("report '\x1b]0;mine\x07.npz'", tmp_path)
    assert done.returncode == 2
    assert r"there is no file \x1b]0;mine\x07.npz" in done.stderr


@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-", ">&- 2>&-", "<&- >/dev/full"])
def test_the_status_is_right_where_nobody_can_listen(tmp_path: Path, where: str) -> None:
    assert shell(f"report nowhere.npz {where}", tmp_path).returncode == 2
    assert shell(f"notebook overview {where}", tmp_path).returncode == 0
    assert (tmp_path / "overview.ipynb").exists()


def test_closed_streams_are_opened_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(cli, "app", lambda *_, **__: seen.append(sys.stderr is not None))
    monkeypatch.setattr(sys, "argv", ["second-opinion"])
    monkeypatch.setattr(sys, "stderr", None)
    cli.main()
    assert seen == [True]
