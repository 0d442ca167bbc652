"""The verb `schema`: the JSON Schema of a spec, for editors."""

from __future__ import annotations

import argparse
from typing import Final

import msgspec

from stoker.cli.exits import Exit, UsageError
from stoker.cli.guesses import guess
from stoker.cli.streams import write_data
from stoker.schema.jsonschema import schema_of
from stoker.schema.specs import EVERY, Spec, version_order

VARIANTS: Final = tuple(dict.fromkeys(variant for variant, _ in EVERY))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("variant", metavar="VARIANT", type=_variant, choices=VARIANTS, help=", ".join(VARIANTS))
    parser.add_argument("version", metavar="VERSION", nargs="?", help="by default the newest that is not experimental")


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    schema = schema_of(_find(arguments.variant, arguments.version))
    write_data(msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n")
    return Exit.FINE


def _variant(text: str) -> str:
    """One of VARIANTS. Raises UsageError, which says more than argparse would."""
    if text in VARIANTS:
        return text
    meant = guess(text, VARIANTS)
    hint = f"did you mean `{meant}`?" if meant else f"known are: {', '.join(VARIANTS)}"
    raise UsageError(f"there is no variant `{text}`", hint=hint)


def _find(variant: str, version: str | None) -> Spec:
    specs = sorted((spec for spec in EVERY.values() if spec.variant == variant), key=_order)
    if version is None:
        return [spec for spec in specs if "-" not in spec.version][-1]
    found = next((spec for spec in specs if spec.version in {version, f"{version}.0"}), None)
    if found is None:
        raise UsageError(
            f"`{variant}` has no version `{version}`", hint=f"it has {', '.join(spec.version for spec in specs)}"
        )
    return found


def _order(spec: Spec) -> tuple[int, ...]:
    return version_order(spec.version)
