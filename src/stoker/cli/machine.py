"""The verb `machine`: the table of states, and labels of machines that another program knows."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from stoker.cli.exits import Exit, UsageError
from stoker.cli.findings import result, show
from stoker.cli.inputs import filled, read_input
from stoker.cli.streams import talk, write_data
from stoker.machines.known import import_sabakan
from stoker.machines.states import transitions_text
from stoker.system.replace import replace_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument(
        "action", choices=["states", "import"], help="print the table of states; or read machines as labels"
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="of import: machines of sabakan, JSON; - is stdin")
    parser.add_argument(
        "--data-dir", metavar="DIR", type=filled, help="of import: write them to DIR/labels instead of stdout"
    )
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="colour on stderr")


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked for; nothing is written when anything of an import is wrong."""
    if arguments.action == "states":
        if arguments.file:
            raise UsageError("machine: `states` takes no file")
        write_data(transitions_text().encode())
        return Exit.FINE
    if not arguments.file:
        raise UsageError("machine: what shall be imported?", hint="name a file with machines of sabakan, or -")
    source = read_input(arguments.file)
    documents, report = import_sabakan(source.text, source.name)
    show(report, {source.name: source.text}, arguments.color)
    if report.has_errors:
        return result(report)
    if arguments.data_dir is None:
        every = {key: msgspec.Raw(document) for key, document in documents.items()}
        write_data(msgspec.json.format(msgspec.json.encode(every), indent=2) + b"\n")
        return Exit.FINE
    _write(Path(arguments.data_dir), documents)
    return Exit.FINE


def _write(directory: Path, documents: dict[str, bytes]) -> None:
    """Write what has changed. Raises OSError."""
    changed = 0
    for key, document in documents.items():
        path = directory / key
        if path.is_file() and path.read_bytes() == document:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(str(path), document)
        changed += 1
    machines = "machine" if len(documents) == 1 else "machines"
    talk(f"{len(documents)} {machines} in `{directory / 'labels'}`, {changed} of them new or changed\n")
