"""Directories of Matchbox's files, as the server reads them: what is in one, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from stoker.butane import compile_document, translate
from stoker.butane.explain import Explained
from stoker.cli.exits import CommandError
from stoker.ignition.parse import parse, parse_plainly
from stoker.machines import FOLDERS, Catalogue, read_catalogue
from stoker.machines.review import review
from stoker.report import Report
from stoker.store import Directory, StoreError


def read_site(path: str) -> tuple[Catalogue, Report, Directory]:
    """What is in a directory, and what is wrong with its files. Raises CommandError."""
    directory = Directory(Path(path), FOLDERS)
    try:
        directory.refresh()
    except StoreError as error:
        raise CommandError(str(error)) from error
    catalogue, report = read_catalogue(directory.snapshot)
    return catalogue, Report((*directory.report, *report)), directory


def check_site(path: str) -> tuple[Report, Mapping[str, bytes]]:
    """All that is wrong with a directory, and the texts of its files, by name."""
    catalogue, report, directory = read_site(path)
    everything = Report((*report, *review(catalogue, compile_config, validate)))
    return everything, texts_of(directory)


def texts_of(directory: Directory, files: Collection[str] | None = None) -> dict[str, bytes]:
    """The texts of the files of a directory, or of some of them, by name."""
    items = directory.snapshot.items.values()
    return {item.file: item.data for item in items if files is None or item.file in files}


def compile_config(text: bytes, file: str) -> tuple[bytes | None, Report]:
    """What a server needs of the language. A served template reads no local files."""
    done = translate(text, file=file, raw=True)
    return done.output, done.report


def explain_config(text: bytes, file: str) -> Explained:
    """What became of a document that `compile_config` takes, or of a config that is served as written."""
    if text.lstrip().startswith(b"{"):
        return parse(text, file=file)
    return compile_document(text, file=file, raw=True)


def validate(text: bytes, file: str) -> Report:
    """What a server needs of Ignition."""
    return parse_plainly(text, file=file).report
