"""Older configs carried to Ignition 3, for what is done by it: in goes what was made of a text, out comes a Carried.

The text is Ignition 2, or a Container Linux Config. A part of the new config is traced to the entry of the old one
that has its path or name, and so to its line.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from stoker.butane import clc
from stoker.butane.explain import Explained, placed
from stoker.document.nodes import Document
from stoker.ignition.networkd import texts_of
from stoker.ignition.parse import Parsed
from stoker.ignition.parts import part_at
from stoker.ignition.versions import to_version
from stoker.report import Place, Pointer, Report
from stoker.schema.specs import SPECS, Spec
from stoker.schema.v3 import Config

TARGET: Final = SPECS["ignition", "3.4.0"]  # the oldest that says all that Ignition 2.4 does
# An entry of the old config, and all that it may be known by in the new one.
Known = tuple[Pointer, set[str]]

_KEYS: Final = ("path", "name", "device")


class Carried:
    """What became of an older config: `config` is None when Ignition 3 cannot say it, and the report says why."""

    __slots__ = ("_done", "_known", "config", "report")

    def __init__(self, done: Explained, known: list[Known], config: Config | None, report: Report) -> None:
        self._done = done
        self._known = known
        self.config = config
        self.report = report

    @property
    def documents(self) -> list[Document]:
        """The documents that it was made of."""
        return self._done.documents

    @property
    def texts(self) -> dict[str, bytes]:
        """The texts that places count in, by file."""
        return dict(self._done.texts)

    def sources(self, result: Pointer) -> list[tuple[Pointer, Place]]:
        """The parts of the document that gave the entry that `result` is in, and where they stand."""
        data = part_at(msgspec.to_builtins(self.config), result[:3])
        name = next((data[key] for key in _KEYS if isinstance(data, dict) and key in data), None)
        found = next((pointer for pointer, said in self._known if name is not None and name in said), None)
        return [] if found is None else self._done.sources(found)


def carry(done: Parsed | clc.Compilation) -> Carried:
    """Carry an older config to Ignition 3. `done` is what was made of its text."""
    old = done.old if isinstance(done, Parsed) else done.config
    if old is None:
        return Carried(done, [], None, done.report)
    known = list(_entries(msgspec.to_builtins(old)))
    known += [(pointer, {path}) for path, _, pointer in texts_of(old.networkd)]
    config, lost = bring(done, TARGET)
    return Carried(done, known, config, Report([*done.report, *lost]))


def bring(
    done: Parsed | clc.Compilation, target: Spec, filesystems: Mapping[str, str] | None = None, *, dedupe: bool = False
) -> tuple[Any, Report]:
    """Bring what was made of an older text to `target`: as `to_version` does. The report is about the way alone."""
    parsed = Parsed(done.report)
    parsed.old = copy.deepcopy(done.old if isinstance(done, Parsed) else done.config)  # the way changes it
    parsed.spec = done.spec
    bound = clc.find_bound(done) if isinstance(done, clc.Compilation) and target.family == "v3" else ()
    config, lost = to_version(parsed, target, filesystems, dedupe=dedupe)
    return config, Report([*bound, *(placed(entry, done) for entry in lost)])


def _entries(old: dict[str, Any]) -> Iterator[Known]:
    """The entries of the old config's lists, each with all that it may be known by in the new one."""
    for section, lists in old.items():
        for name, entries in lists.items() if isinstance(lists, dict) else ():
            for index, entry in enumerate(entries if isinstance(entries, list) else ()):
                said = {str(entry[key]) for key in _KEYS if isinstance(entry, dict) and entry.get(key)}
                mount = entry.get("mount") if isinstance(entry, dict) else None
                yield (section, name, index), said | ({str(mount["device"])} if mount else set())
