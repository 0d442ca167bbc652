"""Stoker lights, feeds and tends container-Linux machines.

import stoker

config, report = stoker.compile(open("web.bu", "rb").read(), file="web.bu")
for entry in report:
    print(entry.place, entry.message)
if config is not None:
    print(stoker.encode(config).decode())
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stoker.report import Report
    from stoker.schema.v2 import Config as OldConfig
    from stoker.schema.v3 import Config

__version__ = "0.1.0"

__all__ = ["__version__", "compile", "convert", "encode", "parse"]


def compile(  # noqa: A001
    text: bytes | str, *, file: str = "", files_dir: str = "", platform: str = ""
) -> tuple[Config | OldConfig | None, Report]:
    """Compile a Butane document of any variant and version, or a Container Linux Config, which becomes Ignition 2.3.

    `file` is the name that places show, `files_dir` the directory that `local` is relative to; without one local
    files are refused. `platform` is where the machine of a Container Linux Config runs, for its dynamic data; the names
    are those of ct. The config is None when the report has errors. Nothing is raised for what a person wrote.
    """
    from stoker.butane import compile_document  # noqa: PLC0415 -- the program starts without the language

    done = compile_document(_bytes(text), file=file, files_dir=files_dir, platform=platform)
    return done.config, done.report


def parse(text: bytes | str, *, file: str = "") -> tuple[Config | None, Report]:
    """Read and judge an Ignition config of any version 3.

    The config is None when it cannot be used; one of Ignition 2 is for `convert`, as the report then says.
    """
    from stoker.ignition.parse import parse_newer  # noqa: PLC0415

    done = parse_newer(_bytes(text), file=file)
    return done.config, done.report


def convert(
    text: bytes | str,
    version: str,
    *,
    file: str = "",
    files_dir: str = "",
    platform: str = "",
    filesystems: Mapping[str, str] | None = None,
) -> tuple[Config | OldConfig | None, Report]:
    """Bring an Ignition config, or a Container Linux Config, to an Ignition version such as "3.4.0".

    `filesystems` says where the file systems that an older config names are mounted; see `compile` for the others. The
    config is None when the version cannot say all of it: the report says what. Raises ValueError for a version that
    nothing is converted to.
    """
    from stoker.butane.conversion import convert_text  # noqa: PLC0415
    from stoker.ignition.versions import TARGETS, find_target  # noqa: PLC0415

    target = find_target(version)
    if target is None:
        raise ValueError(f"nothing converts to {version}; there are {', '.join(spec.version for spec in TARGETS)}")
    config, report = convert_text(_bytes(text), target, filesystems, file=file, files_dir=files_dir, platform=platform)
    return (None if report.has_errors else config), report


def encode(config: Config | OldConfig, *, pretty: bool = False) -> bytes:
    """Write a config as JSON, on one line or indented. Raises TypeError for None: there is no config to write."""
    from stoker.ignition.encode import encode as encode_config  # noqa: PLC0415

    if config is None:
        raise TypeError("there is no config to encode: its report has errors")
    return encode_config(config, pretty=pretty)


def _bytes(text: bytes | str) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
