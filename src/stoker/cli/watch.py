"""The verb `watch`: what happens to machines, as it happens, from a server's stream of events."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from stoker.cli.exits import CommandError, Exit
from stoker.cli.streams import talk, write_data

TOKEN_LIMIT: Final = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument(
        "--server", metavar="URL", default="http://127.0.0.1:8080", help="http://127.0.0.1:8080 by default"
    )
    parser.add_argument("--token-file", metavar="FILE", help="holds the token that `stoker token` printed")
    parser.add_argument("-o", "--output", choices=("text", "jsonl"), default="text", help="text by default")


def run(arguments: argparse.Namespace) -> int:
    """Write one line an event until interrupted, or until nobody reads."""
    from stoker.server.errors import AddressError, WatchRefusedError  # noqa: PLC0415 -- the server is not needed for help
    from stoker.server.watching import watch  # noqa: PLC0415

    token = _token(arguments.token_file) if arguments.token_file else ""
    try:
        for told in watch(arguments.server, token, lambda line: talk(f"{line}\n")):
            write_data(
                told.data + b"\n" if arguments.output == "jsonl" else f"{_line(told.kind, told.data)}\n".encode()
            )
    except WatchRefusedError as error:
        hint = "a server's operator makes a token with `stoker token viewer NAME`; hand it over by --token-file"
        raise CommandError(str(error), hint=hint) from error
    except AddressError as error:
        raise CommandError(str(error), code=Exit.UNAVAILABLE) from error
    return Exit.FINE


def _token(file: str) -> str:
    with Path(file).open("rb") as opened:
        text = opened.read(TOKEN_LIMIT).decode("utf-8", "replace").strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise CommandError(f"`{file}` holds no token", hint="it is one word, as `stoker token` printed it")
    return text


def _line(kind: str, data: bytes) -> str:
    """An event for people, on one line and without anything that steers a terminal."""
    try:
        told: Any = msgspec.json.decode(data)
        if kind != "machine":
            text = f"{kind}: {told.get('reason', '')}"
        else:
            at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(told["at"]))
            outcome = told.get("outcome", "done")
            mark = "" if outcome == "done" else f"[{outcome}] "
            text = f"{at}  {told['machine']}  {told['stage']}: {mark}{told['text']}"
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError, OverflowError):
        text = f"{kind}: {data.decode('utf-8', 'replace')}"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
