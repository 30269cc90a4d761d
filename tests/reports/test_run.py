"""Is the notebook executed as asked, and is nothing left of it when it must end?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from pydantic import JsonValue

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion_reports.collect import collect
from embedding_second_opinion_reports.notebook_file import Notebook
from embedding_second_opinion_reports.run import RunError, execute
from tests.reports.stories import a_finding, cell, parameters_cell, write_notebook

ROOT = Path(__file__).parents[2]
THIS_TREE = os.pathsep.join(str(ROOT / each) for each in ("", "diagnostics", "reports"))


@pytest.fixture(autouse=True)
def _ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel finds this clone, installed or not, from a folder that is not it."""
    monkeypatch.setenv("PYTHONPATH", THIS_TREE)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work {data}"  # Papermill would format this
    folder.mkdir()
    return folder


def story(folder: Path, *sources: str) -> Path:
    cells = [cell(parameters_cell(), tags=("parameters",)), *(cell(source) for source in sources)]
    return write_notebook(folder / "story.ipynb", cells)


def printed(path: Path) -> str:
    return "".join(out.text for each in Notebook.read(path).cells for out in each.outputs)


def test_what_was_executed_is_what_is_collected(overview: Path, work: Path) -> None:
    done = execute(overview, {"claimed": 0.99, "data": "007"}, work, progress=False)
    found = collect(Notebook.read(done))
    assert found.findings == (a_finding(),)
    assert found.summary is not None
    assert [each.content for each in found.additions] == ["## My note\n\nMind the **fonts**."]
    assert found.parameters["data"] == "007"  # still text
    assert found.failures == ()


def test_the_kernel_is_ours_whatever_lies_where_the_user_stands(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stand = tmp_path / "stand"
    for name in ("embedding_second_opinion", "diagnostics", "reports"):
        (stand / name).mkdir(parents=True)
        (stand / name / "__init__.py").write_text("raise RuntimeError('shadowed')")
    (stand / "papermill.py").write_text("raise RuntimeError('shadowed')")
    monkeypatch.chdir(stand)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = story(
        tmp_path,
        "import os, embedding_second_opinion as so; print(os.getcwd(), so.__file__)",
        "print(*map(os.environ.get, ('OMP_NUM_THREADS', 'TQDM_DISABLE', 'PYTHONSAFEPATH')))",
    )
    text = printed(execute(notebook, {}, work))
    assert f"{stand} {ROOT / 'diagnostics/embedding_second_opinion/__init__.py'}" in text
    assert "1 1 1" in text
    assert "3/3" not in text
    assert "4/4 cells" in capfd.readouterr().err


def test_parameters_arrive_as_they_are(overview: Path, work: Path) -> None:
    given: dict[str, JsonValue] = {"data": "😀é\u2028.npz", "claimed": 1e-05, "labels": "yes"}
    done = execute(overview, given, work, progress=False)
    found = collect(Notebook.read(done)).parameters
    assert {name: found[name] for name in given} == given


def test_the_kernel_has_its_own_folders_and_nothing_of_the_users(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "mine.py"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    source = (
        "import os, tempfile\n"
        "print(tempfile.gettempdir(), *({'PYTHONSTARTUP', 'JUPYTER_PATH'} & set(os.environ)))"
    )
    assert printed(execute(story(tmp_path, source), {}, work, progress=False)) == f"{work}\n"


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_timeout_may_be_infinite(tmp_path: Path, work: Path) -> None:
    notebook = story(tmp_path, "print('done')")
    done = execute(notebook, {}, work, timeout=float("inf"), progress=False)
    assert printed(done) == "done\n"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"dta": "x"}, "no parameter 'dta'"),
        ({"data\nimport os": "x"}, "no parameter"),
        ({"seed": "7"}, "--seed must be a whole number from 0 up"),
        ({"seed": True}, "--seed must be a whole number"),
        ({"flatten": 1}, "--flatten must be True or False"),
        ({"query_split": 3}, "--query-split must be text or a list of texts"),
        ({"query_split": [1]}, "--query-split[0] must be text"),
        ({"claimed": "high"}, "--claimed must be a share"),
    ],
)
def test_parameters_are_refused_by_name_and_by_type(
    overview: Path, work: Path, parameters: dict[str, JsonValue], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        execute(overview, parameters, work, progress=False)
    assert words in str(caught.value)
    assert list(work.iterdir()) == []  # refused before anything ran


def test_an_input_error_in_the_notebook_is_the_users_to_mend(tmp_path: Path, work: Path) -> None:
    notebook = story(
        tmp_path,
        "from embedding_second_opinion.data.embeddings import InputError\nraise InputError('no labels.')",
    )
    with pytest.raises(InputError, match=r"^no labels\.$"):
        execute(notebook, {}, work, progress=False)


def test_any_other_error_names_the_cell(tmp_path: Path, work: Path) -> None:
    with pytest.raises(RunError, match="cell 4 raised ZeroDivisionError"):
        execute(story(tmp_path, "1", "1 / 0", "2"), {"seed": 1}, work, progress=False)
    assert "ZeroDivisionError" in (work / "log.txt").read_text("utf-8")
    assert not (work / "executed.ipynb").exists()


def test_a_dead_kernel_is_a_broken_run(tmp_path: Path, work: Path) -> None:
    with pytest.raises(RunError, match="died"):
        execute(story(tmp_path, "import os; os._exit(9)"), {}, work, progress=False)


def test_a_run_that_takes_too_long_ends_with_its_kernel(tmp_path: Path, work: Path) -> None:
    notebook, pid = sleeper(tmp_path)
    with pytest.raises(RunError, match="not done after 8 seconds"):
        execute(notebook, {}, work, timeout=8, progress=False)
    assert gone(int(pid.read_text()))
    assert not (work / "executed.ipynb").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_the_kernel_too(tmp_path: Path, work: Path, sent: int) -> None:
    notebook, pid = sleeper(tmp_path)
    script = (
        "import signal, sys\nfrom pathlib import Path\n"
        "from embedding_second_opinion_reports.run import execute\n"
        "from embedding_second_opinion_reports.terminal import terminable\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        # Where the tests run under nohup it is ignored, which ``terminable`` keeps.
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "with terminable():\n"
        "    execute(Path(sys.argv[1]), {}, Path(sys.argv[2]))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(notebook), str(work)], stderr=subprocess.DEVNULL
    ) as process:
        watchdog = threading.Timer(90, process.kill)
        watchdog.start()
        while not pid.exists() and process.poll() is None:
            time.sleep(0.1)
        os.kill(process.pid, sent)
        assert process.wait() not in (0, -signal.SIGKILL)
        watchdog.cancel()
    assert gone(int(pid.read_text()))


def sleeper(folder: Path) -> tuple[Path, Path]:
    """A notebook that writes down its kernel's pid and then sleeps, deaf to interrupts."""
    pid = folder / "pid"
    source = (
        "import os, pathlib, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"part = pathlib.Path({str(pid) + '.part'!r}); part.write_text(str(os.getpid()))\n"
        f"part.rename({str(pid)!r}); time.sleep(600)"
    )
    return story(folder, source), pid


def gone(pid: int) -> bool:
    """No such process, or one that is dead and only waits to be collected."""
    try:
        return psutil.Process(pid).wait(timeout=30) is None
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
