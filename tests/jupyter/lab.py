"""JupyterLab in a real browser: started, opened, run, read, watched and ended by a test.

A server has folders of its own for settings, trust and running kernels, so that nothing of the user's is
read or changed. Whatever the page asked for or complained about is noted.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import psutil
from playwright.sync_api import Browser, Dialog, Page

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "only-for-this-test"
# No news, no update, and every output in the page, seen or not.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
NOTEBOOK = "window.jupyterapp.shell.currentWidget"
READY = f"window.jupyterapp && {NOTEBOOK} && {NOTEBOOK}.context && {NOTEBOOK}.context.isReady"
RUN = f"""async () => {{
    await {NOTEBOOK}.context.sessionContext.ready;
    await window.jupyterapp.commands.execute('notebook:run-all-cells');
}}"""
# Everything shown is there, TeX is set, and nothing has changed for a second.
QUIET = """async () => {
    let last = '', since = Date.now();
    while (Date.now() - since < 1000) {
        await new Promise(done => setTimeout(done, 200));
        const now = document.querySelector('.jp-Notebook').innerHTML;
        if (now !== last) { last = now; since = Date.now(); }
    }
}"""


@dataclass
class Opened:
    """A notebook in the browser, and everything the page did."""

    page: Page
    address: str  # of the server
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def run_all(self) -> None:
        """Run every cell, and wait for the outputs to stand."""
        self.page.evaluate(RUN)
        self.settle()

    def settle(self) -> None:
        """Wait until the notebook no longer changes."""
        self.page.evaluate(QUIET)

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells with their outputs, from the model and not from what is drawn."""
        model: dict[str, Any] = self.page.evaluate(f"{NOTEBOOK}.context.model.toJSON()")
        return list(model["cells"])

    @property
    def outputs(self) -> list[dict[str, Any]]:
        return [output for cell in self.cells for output in cell.get("outputs", ())]

    @property
    def errors(self) -> list[str]:
        return [f"{o['ename']}: {o['evalue']}" for o in self.outputs if o["output_type"] == "error"]

    @property
    def trusted(self) -> bool:
        """Whether all code cells are: those run here, or in a notebook that was signed."""
        return bool(
            self.page.evaluate(
                f"[...{NOTEBOOK}.context.model.cells].every(c => c.type !== 'code' || c.trusted)"
            )
        )

    @property
    def strayed(self) -> list[str]:
        """Requests to anything but the server."""
        own = urlsplit(self.address).netloc
        inside = ("data", "blob", "about")
        parts = [(url, urlsplit(url)) for url in self.requests]
        return [url for url, p in parts if p.scheme not in inside and p.netloc != own]


@dataclass
class Lab:
    """A running server. folder: its notebooks."""

    address: str
    folder: Path
    browser: Browser
    log: Path

    @contextmanager
    def opened(self, notebook: str, width: int = 1200, height: int = 900) -> Iterator[Opened]:
        """A notebook of the folder, opened in a fresh profile; its kernel ends with it."""
        context = self.browser.new_context(viewport={"width": width, "height": height})
        seen = Opened(context.new_page(), self.address)

        def dismiss(dialog: Dialog) -> None:
            seen.dialogs.append(dialog.message)
            dialog.dismiss()

        context.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("dialog", dismiss)
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on(
            "console", lambda m: seen.complaints.append(m.text) if m.type == "error" else None
        )
        try:
            seen.page.goto(f"{self.address}/lab/tree/{quote(notebook)}?token={TOKEN}&reset")
            seen.page.wait_for_function(READY, timeout=60_000)
            seen.page.evaluate(f"{NOTEBOOK}.context.ready.then(() => null)")
            seen.page.wait_for_selector(".jp-Notebook .jp-Cell")
            seen.settle()
            yield seen
        finally:
            context.close()
            for session in json.loads(self._ask("GET", "api/sessions")):
                self._ask("DELETE", f"api/sessions/{session['id']}")

    def _ask(self, method: str, path: str) -> bytes:
        return _ask(self.address, method, path)


@contextmanager
def running(folder: Path, browser: Browser, own: Path, **environment: str) -> Iterator[Lab]:
    """A server on the notebooks of ``folder``, ended with all its kernels.

    own: an empty folder for its settings, trust and log. environment: what its kernels see besides.
    """
    settings = own / "app"
    settings.mkdir(parents=True)
    (settings / "overrides.json").write_text(json.dumps(SETTINGS), "utf-8")
    kinds = ("CONFIG", "DATA", "RUNTIME")
    folders = {f"JUPYTER_{kind}_DIR": str(own / kind.lower()) for kind in kinds}
    folders |= {f"JUPYTERLAB_{n}_DIR": str(own / n.lower()) for n in ("SETTINGS", "WORKSPACES")}
    port = _free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--expose-app-in-browser"]
    command += [f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}"]
    command += [f"--LabApp.app_settings_dir={settings}"]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    told = {**os.environ, **folders, "PYTHONPATH": path, "TQDM_DISABLE": "1", **environment}
    log = own / "jupyter.log"
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=told, stdout=file, stderr=file, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, log)
        yield Lab(address, folder, browser, log)
    finally:
        _end(address, process)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            _ask(address, "GET", "api/status")
            return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text('utf-8')[-3000:]}")


def _end(address: str, process: subprocess.Popen[bytes]) -> None:
    """Asked to, with its kernels; what does not go is killed."""
    started = [process.pid]
    try:
        started += [p.pid for p in psutil.Process(process.pid).children(recursive=True)]
        _ask(address, "POST", "api/shutdown")
        process.wait(20)
    except (psutil.NoSuchProcess, URLError, ConnectionError, TimeoutError):
        pass
    except subprocess.TimeoutExpired:
        pass
    for pid in started:
        if psutil.pid_exists(pid):
            psutil.Process(pid).kill()
    process.wait(20)


def _ask(address: str, method: str, path: str) -> bytes:
    asked = Request(f"{address}/{path}", method=method)
    asked.add_header("Authorization", f"token {TOKEN}")
    with urlopen(asked, timeout=10) as answer:
        return bytes(answer.read())


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def recorder() -> Iterator[tuple[str, list[str]]]:
    """A server that nobody should ask: its address, and every path it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
