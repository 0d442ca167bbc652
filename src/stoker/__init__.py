"""Stoker lights, feeds and tends container-Linux machines.

import stoker

config, report = stoker.compile(open("web.bu", "rb").read(), file="web.bu")
for entry in report:
    print(entry.place, entry.message)
if config is not None:
    print(stoker.encode(config).decode())
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stoker.report import Report
    from stoker.schema.v3 import Config

__version__ = "0.1.0"

__all__ = ["__version__", "compile", "encode", "parse"]


def compile(text: bytes | str, *, file: str = "", files_dir: str = "") -> tuple[Config | None, Report]:  # noqa: A001
    """Compile a Butane document of any variant and version.

    `file` is the name that places show, `files_dir` the directory that `local` is relative to; without one local
    files are refused. The config is None when the report has errors. Nothing is raised for what a person wrote.
    """
    from stoker.butane import compile_text  # noqa: PLC0415 -- the program starts without the language

    done = compile_text(text.encode() if isinstance(text, str) else text, file=file, files_dir=files_dir)
    return done.config, done.report


def parse(text: bytes | str, *, file: str = "") -> tuple[Config | None, Report]:
    """Read and judge an Ignition config of any version 3. The config is None when it cannot be used."""
    from stoker.ignition.parse import parse as parse_text  # noqa: PLC0415

    done = parse_text(text.encode() if isinstance(text, str) else text, file=file)
    return done.config, done.report


def encode(config: Config, *, pretty: bool = False) -> bytes:
    """Write a config as JSON, on one line or indented."""
    from stoker.ignition.encode import encode as encode_config  # noqa: PLC0415

    return encode_config(config, pretty=pretty)
