"""Opening the console in a browser, where somebody sees it."""

from __future__ import annotations

import html
import os
import sys
import threading
import webbrowser
from pathlib import Path

_PAGE = """\
<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0;url={address}">
<title>outpace</title>
"""


def has_display() -> bool:
    """Whether there is a screen on which a browser could come up; text browsers would take the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_where_seen(address: str, folder: Path) -> threading.Thread | None:
    """Open an address in a browser, in a thread; None where there is no display. What goes wrong there is no error.

    The address holds a token, and the words of a process are seen by everybody on the machine: the browser is given a
    file that only this user reads, and that leads on to the address.
    """
    if not has_display():
        return None
    page = folder / "console.html"
    descriptor = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_PAGE.format(address=html.escape(address, quote=True)))
    # some browsers keep their starter until they are closed
    thread = threading.Thread(target=webbrowser.open, args=(page.resolve().as_uri(),), name="browser", daemon=True)
    thread.start()
    return thread
