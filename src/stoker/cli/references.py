"""Configs that a config names, for verbs that plan or provision: in goes what was read, out comes what it amounts to.

A finding about the result is shown in the text that a person wrote where that gave the part in question, else with the
name of the config that did.
"""

from __future__ import annotations

import argparse
from typing import Final

import msgspec

from stoker.butane.explain import placed
from stoker.cli.configs import Read, locate
from stoker.cli.exits import CommandError
from stoker.engine.errors import EngineFault
from stoker.engine.origins import Origin
from stoker.engine.references import Rendered, Renderer, Say, read_config
from stoker.fetch import Fetcher, FetchFault, Settings
from stoker.ignition.encode import encode
from stoker.report import Entry, Pointer, Report, pointer_text
from stoker.schema.v3 import Config

OWN: Final = "this config"  # the name of the one that was read


def add_references(parser: argparse.ArgumentParser) -> None:
    """Give a verb the option by which it follows references."""
    parser.add_argument(
        "--follow",
        action="store_true",
        help="fetch the configs named under `ignition.config`, too; without it they are refused",
    )


def follow(read: Read, config: Config, patience: float, say: Say = lambda _line: None) -> Rendered:
    """Fetch the configs that one names, which was read, and those that they name; merge them as a first boot does.

    `patience` is how many seconds to go without an answer; `say` takes each attempt. Raises `CommandError`.
    """

    def fetch_by(settings: Settings) -> Fetcher:
        return Fetcher(msgspec.structs.replace(settings, patience=patience), say=say)

    said: list[str] = []
    renderer = Renderer(fetch_by, said.append)
    try:
        return renderer.render(read_config(encode(config), OWN, said.append))
    except (EngineFault, FetchFault) as fault:
        reasons = [line for line in said if line.startswith("error")]
        blamed = [f"it is named by {_who(read, renderer.blamed)}"] if renderer.blamed else []
        raise CommandError("; ".join([str(fault), *reasons, *blamed]), hint=fault.hint) from fault


def _who(read: Read, origin: Origin) -> str:
    """The part that named a config: with its place where a person wrote it, else with the config that it is of."""
    if origin.name != OWN:
        return str(origin)
    pointer, place = locate(read, origin.pointer)
    return f"{place} at {pointer}" if place else f"{pointer} of {OWN}"


def placed_in(report: Report, read: Read, rendered: Rendered | None) -> list[Entry]:
    """The findings about a result, each where it comes from."""
    if rendered is None or read.config is None:
        return [placed(entry, read) for entry in report]
    found = []
    for entry in report:
        origin = rendered.origins.find(entry.pointer)
        if origin.name == OWN:
            found.append(placed(msgspec.structs.replace(entry, pointer=origin.pointer), read))
        else:
            text = f"{entry.message} (asked for at {origin})" if entry.pointer else entry.message
            found.append(msgspec.structs.replace(entry, message=text, pointer=origin.pointer))
    return found


def locate_in(read: Read, rendered: Rendered | None, pointer: Pointer) -> tuple[str, str]:
    """The part of a config that gave a part of the result, and its place or the name of the other config; as text."""
    if rendered is None:
        return locate(read, pointer)
    origin = rendered.origins.find(pointer)
    return locate(read, origin.pointer) if origin.name == OWN else (pointer_text(origin.pointer), origin.name)
