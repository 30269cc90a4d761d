"""How a test opens a page: offline, in a fresh profile, noting everything it should not do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Dialog, Page, Route

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass
class Opened:
    """A page, and everything it should not have done."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


def opened(
    browser: Browser, path: Path, width: int = 1200, scheme: Scheme = "light", script: bool = True
) -> Opened:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
    )
    context.set_offline(True)
    seen = Opened(context.new_page())

    def route(each: Route) -> None:
        if each.request.url.startswith(("file:", "data:")):
            each.continue_()
        else:
            seen.requests.append(each.request.url)
            each.abort()

    def dismiss(dialog: Dialog) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    seen.page.route("**/*", route)
    seen.page.on("console", lambda m: seen.complaints.append(m.text) if m.type != "log" else None)
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("dialog", dismiss)
    seen.page.goto(path.as_uri())
    return seen
