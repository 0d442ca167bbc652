"""A headless Chromium for tests, by the DevTools protocol over two pipes: commands go in, what the page is comes out.

The protocol is JSON, each message ended by a zero byte, at file descriptors 3 and 4 of the browser
(`--remote-debugging-pipe`): no port, no driver, no library.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

SECONDS: Final = 30.0
KEYS: Final = {
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Escape": {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27},
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
}


def why_not() -> str:
    """Why there can be no browser here; empty when there can."""
    return "" if shutil.which("chromium") else "not installed: chromium"


class BrowserError(Exception):
    """The browser refused a command, or what was waited for did not come."""


class Browser:
    """One tab. `complaints` are what its console says that is not fine."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.to_browser, self.from_browser = to_browser, from_browser
        self.number = 0
        self.session = ""
        self.buffer = b""
        self.events: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Carry out a command; what it answers."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + SECONDS
        while True:
            answer = self.read(until)
            if answer is None:
                raise BrowserError(f"no answer to {method}")
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self.note(answer)

    def read(self, until: float) -> dict[str, Any] | None:
        """The next message; None if none comes in time."""
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.from_browser], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return None
            piece = os.read(self.from_browser, 1 << 20)
            if not piece:
                raise BrowserError("the browser has ended")
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return dict(json.loads(message))

    def note(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        given = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(given["exceptionDetails"])[:500])
            case "Log.entryAdded" if given["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(f"{given['entry']['text']} {given['entry'].get('url', '')}")
            case "Runtime.consoleAPICalled" if given["type"] in {"error", "warning", "assert"}:
                self.complaints.append(json.dumps(given["args"])[:500])

    def go(self, address: str) -> None:
        """Open an address, until everything of it is loaded."""
        self.events.clear()
        self.do("Page.navigate", url=address)
        self.wait_for_load()

    def wait_for_load(self) -> None:
        """Wait until a document that is being opened is there."""
        until = time.monotonic() + SECONDS
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            message = self.read(until)
            if message is None:
                raise BrowserError("the document was not loaded")
            self.note(message)

    def evaluate(self, expression: str) -> Any:
        """What an expression is in the page; a promise is waited for."""
        done = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise BrowserError(json.dumps(done["exceptionDetails"])[:1000])
        return done["result"].get("value")

    def wait(self, expression: str, what: Callable[[Any], bool] = bool) -> Any:
        """Wait until an expression is as it should be: look again at each frame that the page draws."""
        until = time.monotonic() + SECONDS
        while True:
            try:
                value = self.evaluate(expression)
            except BrowserError:  # the document is being changed for another one
                value = None
            if what(value):
                return value
            if time.monotonic() > until:
                raise BrowserError(f"`{expression}` is {value!r}")
            select.select([self.from_browser], [], [], 0.05)

    def press(self, key: str) -> None:
        """Press and let go of a key."""
        details = KEYS.get(key, {"key": key, "text": key})
        self.do("Input.dispatchKeyEvent", type="keyDown", **details)
        self.do("Input.dispatchKeyEvent", type="keyUp", **{name: details[name] for name in details if name != "text"})

    def write(self, text: str) -> None:
        """Type a text into what has the focus."""
        for letter in text:
            self.press(letter)

    def click(self, selector: str) -> None:
        """Click an element, and if that opens a document, wait for it."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def follow(self, selector: str) -> None:
        """Click an element that opens another document."""
        self.events.clear()
        self.click(selector)
        self.wait_for_load()

    def size(self, width: int, height: int) -> None:
        """Make the window as large as that."""
        self.do(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def prefer(self, scheme: str) -> None:
        """Have a system whose colours are `light` or `dark`."""
        self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def tree(self) -> list[tuple[str, str]]:
        """What a screen reader is given: role and name of each element that has both."""
        nodes = self.do("Accessibility.getFullAXTree")["nodes"]
        told = [node for node in nodes if not node.get("ignored")]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in told]

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write what one sees to a file."""
        shot = self.do("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))


def _moved(descriptor: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


@contextmanager
def browser(directory: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in a directory, ended in the end."""
    commands, to_browser = os.pipe()
    from_browser, answers = os.pipe()
    arguments = [
        "chromium",
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--hide-scrollbars",
        "--ignore-certificate-errors",  # those of the tests are nobody's
        "--remote-debugging-pipe",
        f"--user-data-dir={directory / 'profile'}",
    ]
    # The browser wants them as 3 and 4: they go there from numbers that are neither.
    commands, answers = _moved(commands), _moved(answers)
    moved = ["bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "bash", *arguments]
    with (directory / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            moved, pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    os.close(commands)
    os.close(answers)
    try:
        yield Browser(to_browser, from_browser)
    finally:
        process.terminate()
        process.wait(SECONDS)
        os.close(to_browser)
        os.close(from_browser)
