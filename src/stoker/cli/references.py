"""Configs that a config names, for verbs that plan or provision: in goes what was read, out comes what it amounts to.

A finding about the result is shown in the text that a person wrote where that gave the part in question, else with the
name of the config that did.
"""

from __future__ import annotations

import argparse
from typing import Final, NamedTuple

import msgspec

from stoker.butane.explain import placed
from stoker.cli.configs import Read, locate, read_config
from stoker.cli.exits import CommandError
from stoker.engine.errors import EngineFault
from stoker.engine.origins import Origin
from stoker.engine.references import Rendered, Renderer, Say
from stoker.engine.references import read_config as read_fetched
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


class Wanted(NamedTuple):
    """A config to work by: what was read, its own config, and what that amounts to where others were fetched."""

    read: Read
    own: Config
    rendered: Rendered | None = None

    @property
    def config(self) -> Config:
        """What it amounts to."""
        return self.own if self.rendered is None else self.rendered.config

    def placed(self, report: Report) -> list[Entry]:
        """The findings about the config, each where it comes from."""
        if self.rendered is None:
            return [placed(entry, self.read) for entry in report]
        found = []
        for entry in report:
            origin = self.rendered.origins.find(entry.pointer)
            if origin.name == OWN:
                found.append(placed(msgspec.structs.replace(entry, pointer=origin.pointer), self.read))
            else:
                text = f"{entry.message} (asked for at {origin})" if entry.pointer else entry.message
                found.append(msgspec.structs.replace(entry, message=text, pointer=origin.pointer))
        return found

    def locate(self, pointer: Pointer) -> tuple[str, str]:
        """The part that gave a part of the config, and its place or the name of the other config; as text."""
        if self.rendered is None:
            return locate(self.read, pointer)
        origin = self.rendered.origins.find(pointer)
        own = origin.name == OWN
        return locate(self.read, origin.pointer) if own else (pointer_text(origin.pointer), origin.name)


def read_wanted(arguments: argparse.Namespace, patience: float, say: Say = lambda _line: None) -> Wanted | None:
    """Read the config that a command line names, and follow what it names if that is asked for.

    None when it has errors, which were shown. `patience` is how many seconds to go without an answer; `say` takes each
    attempt. Raises CommandError, OSError.
    """
    read = read_config(arguments.file, arguments.files_dir, arguments.color)
    if read.config is None:
        return None
    if not arguments.follow:
        return Wanted(read, read.config)
    return Wanted(read, read.config, _follow(read, read.config, patience, say))


def _follow(read: Read, config: Config, patience: float, say: Say) -> Rendered:
    """Fetch the configs that one names, and those that they name; merge them as a first boot does."""

    def fetch_by(settings: Settings) -> Fetcher:
        return Fetcher(msgspec.structs.replace(settings, patience=patience), say=say)

    said: list[str] = []
    renderer = Renderer(fetch_by, said.append)
    try:
        return renderer.render(read_fetched(encode(config), OWN, said.append))
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
