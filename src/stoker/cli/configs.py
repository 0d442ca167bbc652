"""What the verbs about machines read: a config in either language, and whose machine it is for.

In goes a path; out comes what was read of it, its findings shown. A config with errors in it is none.
"""

from __future__ import annotations

import argparse

from stoker.butane import Compilation, compile_document
from stoker.butane.carried import Carried, carry
from stoker.butane.explain import placed
from stoker.cli.findings import result, show
from stoker.cli.inputs import files_dir, read_input
from stoker.engine import DISTRIBUTIONS, Distribution
from stoker.ignition.parse import Parsed, parse_plainly
from stoker.report import Entry, Pointer, Severity, pointer_text

Read = Parsed | Compilation | Carried

_OF_VARIANT = {"fcos": "fcos", "flatcar": "flatcar", "openshift": "rhcos", "r4e": "rhcos", "fiot": "fcos"}
_FALLBACK = "fcos"
_OF_OLD = "flatcar"  # the heir of Container Linux, which read the older languages


def add_distribution(parser: argparse.ArgumentParser) -> None:
    """Give a verb the option that says whose machine it is."""
    parser.add_argument(
        "--distribution",
        choices=sorted(DISTRIBUTIONS),
        help="whose paths and base accounts to use; that of the variant, or fcos",
    )


def read_config(path: str, directory: str | None, color: str) -> Read:
    """Read a config, showing what is wrong with it; its `config` is None when that is an error.

    Ignition 2 and Container Linux Config are carried to Ignition 3. Raises CommandError, OSError.
    """
    source = read_input(path)
    read: Read
    if source.is_ignition:
        parsed = parse_plainly(source.text, file=source.name)
        read = parsed if parsed.old is None else carry(parsed)
    else:
        done = compile_document(source.text, file=source.name, files_dir=files_dir(source, directory), raw=True)
        read = done if isinstance(done, Compilation) else carry(done)
    show(read.report, {source.name: source.text} | read.texts, color)
    if result(read.report):
        read.config = None
    return read


def distribution_of(read: Read, given: str | None) -> Distribution:
    """The distribution that is named, or that of the config's variant or language."""
    if isinstance(read, Carried):
        return DISTRIBUTIONS[given or _OF_OLD]
    return DISTRIBUTIONS[given or _OF_VARIANT.get(read.spec.variant if read.spec is not None else "", _FALLBACK)]


def distribution_meant(read: Read) -> Distribution | None:
    """The distribution that a document is written for, by its variant; what has none may be for any."""
    variant = read.spec.variant if not isinstance(read, Carried) and read.spec is not None else ""
    return DISTRIBUTIONS.get(_OF_VARIANT.get(variant, ""))


def locate(read: Read, pointer: Pointer) -> tuple[str, str]:
    """The part of what was written that gave a part of the config, and its place; both as text."""
    entry = placed(Entry(Severity.INFO, "", "", pointer), read)
    return pointer_text(entry.pointer), str(entry.place or "")
