"""The verb `match`: which group takes a machine, what that machine gets, and why."""

from __future__ import annotations

import argparse
from urllib.parse import urlencode

import msgspec

from stoker.cli.exits import UsageError
from stoker.cli.findings import result, show, write_json
from stoker.cli.inputs import add_output, filled
from stoker.cli.sites import compile_config, read_site, texts_of, validate
from stoker.cli.streams import write_data
from stoker.machines import Asker, normalise_labels
from stoker.machines.explanation import explain, explanation_text
from stoker.report import Report
from stoker.report.native import as_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("--mac", metavar="ADDRESS", help="the hardware address that the machine boots from")
    parser.add_argument("--uuid", metavar="UUID", help="its UUID")
    parser.add_argument(
        "--label", metavar="NAME=VALUE", action="append", default=[], help="another label, such as os=installed"
    )
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=filled,
        required=True,
        help="groups/, profiles/... as Matchbox has them",
    )
    parser.add_argument("--explain", action="store_true", help="show each group that is tried, and what it wants")
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Match; exit 1 when the machine gets nothing, or when anything is broken, for that may be why."""
    catalogue, report, directory = read_site(arguments.data_dir)
    asked = normalise_labels({name: [value] for name, value in _labels(arguments).items()})
    asker = Asker(catalogue.known.labels(asked), urlencode(asked))
    explanation, own = explain(catalogue, asker, compile_config, validate)
    everything = Report([*report, *own])
    if arguments.output == "json":
        data = msgspec.to_builtins(explanation) | {"findings": as_data(everything)}
        write_json(data if arguments.explain else {name: value for name, value in data.items() if name != "tried"})
    else:
        write_data(explanation_text(explanation, has_groups=arguments.explain).encode("utf-8", "surrogateescape"))
        files = {entry.place.file for entry in everything if entry.place is not None}
        show(everything, texts_of(directory, files), arguments.color)
    return result(everything)


def _labels(arguments: argparse.Namespace) -> dict[str, str]:
    labels = {name: value for name in ("mac", "uuid") if (value := getattr(arguments, name))}
    for text in arguments.label:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"match: `{text}` is no NAME=VALUE", hint="such as --label os=installed")
        labels[name] = value
    if arguments.mac and not normalise_labels({"mac": [arguments.mac]}):
        raise UsageError(f"match: `{arguments.mac}` is not a hardware address", hint="such as 52:54:00:a1:9c:ae")
    return labels
