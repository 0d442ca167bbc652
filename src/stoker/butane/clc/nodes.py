"""Files, directories and links: contents become URLs, what is left open gets the language's defaults.

In goes the work with the document decoded; out come the nodes of the result. Source: doc/configuration.md of the
project container-linux-config-transpiler.
"""

from __future__ import annotations

from typing import Final

from stoker.butane.clc.urls import rewrite
from stoker.butane.clc.work import Work, copied
from stoker.butane.local import LocalFault, read_file, read_local
from stoker.report import Pointer
from stoker.schema import clc_messages as m
from stoker.schema import v2
from stoker.schema.clc import Contents, File, Hash
from stoker.schema.dataurls import percent_encode
from stoker.schema.paths import join
from stoker.schema.urls import parse_url

ROOT: Final = "root"
FILE_MODE: Final = 0o644
DIRECTORY_MODE: Final = 0o755


def lower_files(work: Work) -> None:
    """Lower all files; one that cannot be lowered is reported."""
    for index, file in enumerate(work.source.storage.files):
        made = _lower_file(work, file, ("storage", "files", index))
        if made is not None:
            work.config.storage.files.append(made)


def lower_directories(work: Work) -> None:
    """Lower all directories."""
    for directory in work.source.storage.directories:
        made = copied(directory, v2.Directory)
        made.filesystem = made.filesystem or ROOT
        made.mode = DIRECTORY_MODE if made.mode is None else made.mode
        work.config.storage.directories.append(made)


def lower_links(work: Work) -> None:
    """Lower all links."""
    for link in work.source.storage.links:
        made = copied(link, v2.Link)
        made.filesystem = made.filesystem or ROOT
        work.config.storage.links.append(made)


def _lower_file(work: Work, file: File, at: Pointer) -> v2.File | None:
    source = _source(work, file.contents, (*at, "contents"))
    if source is None:
        return None
    made = copied(file, v2.File)
    made.filesystem = made.filesystem or ROOT
    made.mode = FILE_MODE if made.mode is None else made.mode
    made.contents = v2.FileContents(
        source=source,
        compression=file.contents.remote.compression,
        verification=verification(file.contents.remote.verification.hash),
    )
    for name in ("compression", "verification"):
        work.origins.make((*at, "contents", name), (*at, "contents", "remote", name), whole=True)
    return made


def _source(work: Work, contents: Contents, at: Pointer) -> str | None:
    """The URL of a file's contents; None when there is none, which is reported."""
    made = (*at, "source")
    if contents.remote.url:
        work.origins.make(made, (*at, "remote", "url"))
        if parse_url(contents.remote.url) is None:
            work.said.error(m.URL, (*at, "remote", "url"), url=contents.remote.url)
            return None
        return rewrite(contents.remote.url)
    content = contents.inline.encode("utf-8", "surrogateescape")
    if contents.local:
        work.origins.make(made, (*at, "local"))
        local = _read(work, contents.local, (*at, "local"))
        if local is None:
            return None
        content = local
    return "data:," + percent_encode(content)


def _read(work: Work, path: str, at: Pointer) -> bytes | None:
    if not work.files_dir:
        work.said.error(m.NO_FILES_DIR, at)
        return None
    try:
        return read_file(join(work.files_dir, path)) if work.as_reference else read_local(path, work.files_dir)
    except LocalFault as fault:
        work.said.error(fault.message, at, directory=work.files_dir, **fault.values)
        return None


def verification(hash: Hash) -> v2.Verification:  # noqa: A002 -- the language's name
    """A digest in Ignition's form; without both of its parts it is none."""
    return v2.Verification(hash=f"{hash.function}-{hash.sum}" if hash.function and hash.sum else None)
