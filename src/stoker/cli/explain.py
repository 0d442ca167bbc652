"""The verb `explain`: which lines of a document gave a part of its config."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from stoker.butane import compile_document
from stoker.butane.explain import Contribution, Explained, contributions, find
from stoker.cli.exits import CommandError, Exit
from stoker.cli.findings import show, write_json
from stoker.cli.guesses import guess
from stoker.cli.inputs import add_files_dir, add_output, add_platform, files_dir, read_input
from stoker.cli.streams import write_data
from stoker.ignition.parse import Parsed, parse_plainly
from stoker.report import pointer_text

_LONG: Final = 100  # characters; JSON is often one line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="a Butane or Ignition file; - is stdin")
    parser.add_argument(
        "asked", metavar="POINTER-OR-PATH", help="$.storage.files.0, /etc/hostname, nginx.service, a user"
    )
    add_files_dir(parser)
    add_platform(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Explain; the contributors come in the order of the document."""
    source = read_input(arguments.file)
    done: Explained
    if source.is_ignition:
        done = parse_plainly(source.text, file=source.name)
    else:
        where = files_dir(source, arguments.files_dir)
        done = compile_document(source.text, file=source.name, files_dir=where, platform=arguments.platform)
    config = done.old if isinstance(done, Parsed) and done.old is not None else done.config
    if config is None:
        show(done.report, {source.name: source.text} | done.texts, arguments.color)
        return Exit.FINDINGS
    pointers = find(config, arguments.asked)
    if not pointers:
        raise _unknown(msgspec.to_builtins(config), arguments.asked)
    answers = [(pointer, contributions(done, config, pointer)) for pointer in pointers]
    if arguments.output == "json":
        write_json([_data(done.texts, pointer_text(pointer), found) for pointer, found in answers])
    else:
        for pointer, found in answers:
            write_data(_text(done.texts, pointer_text(pointer), found).encode("utf-8", "surrogateescape"))
    return Exit.FINE


def _unknown(config: Any, asked: str) -> CommandError:
    names = [
        str(entry.get(key))
        for section in ("storage", "systemd", "passwd")
        for entries in config.get(section, {}).values()
        for entry in entries
        for key in ("path", "name", "device")
        if key in entry
    ]
    meant = guess(asked, names)
    hint = f"did you mean `{meant}`?" if meant else "ask for a pointer such as $.storage.files.0, a path or a name"
    return CommandError(f"nothing in this config is `{asked}`", hint=hint)


def _line(texts: Mapping[str, bytes], contribution: Contribution) -> str:
    """The line, or of a long one what stands at the place."""
    lines = texts[contribution.place.file].decode("utf-8", "replace").splitlines()
    number, column = contribution.place.line, contribution.place.column
    line = lines[number - 1] if number <= len(lines) else ""
    return line.strip() if len(line) <= _LONG else line[column - 1 :][:_LONG]


def _text(texts: Mapping[str, bytes], name: str, found: list[Contribution]) -> str:
    """The contributors, those of one line as one row: the place of the first stands for all."""
    lines: dict[tuple[str, int, str], str] = {}
    for one in found:
        lines.setdefault((one.place.file, one.place.line, _line(texts, one)), str(one.place))
    width = max(map(len, lines.values()), default=0)
    rows = [f"  {place:{width}}  {line}" for (_, _, line), place in lines.items()]
    return "\n".join([name, *rows, ""])


def _data(texts: Mapping[str, bytes], name: str, found: list[Contribution]) -> dict[str, Any]:
    rows = [
        {
            "result": pointer_text(one.result),
            "pointer": pointer_text(one.source),
            "file": one.place.file,
            "line": one.place.line,
            "column": one.place.column,
            "text": _line(texts, one),
        }
        for one in found
    ]
    return {"pointer": name, "contributions": rows}
