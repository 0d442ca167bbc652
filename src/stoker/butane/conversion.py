"""A text of any language but Butane to a config of any Ignition version.

In goes a Container Linux Config or an Ignition config, and the version wanted; out come the config in that version, if
it can be said in it, and a finding for everything that is lost or refused, placed in the text that a person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stoker.butane import messages as m
from stoker.butane.carried import bring
from stoker.butane.compile import Compilation
from stoker.butane.documents import compile_document
from stoker.ignition import messages as ignition_messages
from stoker.ignition.parse import looks_like_json
from stoker.ignition.versions import read_as
from stoker.report import Report, Severity
from stoker.schema.specs import Spec


def convert_text(
    text: bytes,
    target: Spec,
    filesystems: Mapping[str, str] | None = None,
    *,
    file: str = "",
    files_dir: str = "",
    platform: str = "",
    dedupe: bool = False,
    is_json: bool | None = None,
) -> tuple[Any, Report]:
    """Bring a text to `target`, one of `versions.TARGETS`: see `versions.to_version` and `compile_clc`.

    Butane is named as such: it is compiled, not converted. `is_json` tells what its name says of the text, if anything.
    """
    if looks_like_json(text) if is_json is None else is_json:
        return read_as(text, target, filesystems, file=file, dedupe=dedupe)
    done = compile_document(text, file=file, files_dir=files_dir, platform=platform)
    if isinstance(done, Compilation):
        if any(entry.code == m.IS_IGNITION.code for entry in done.report):
            return read_as(text, target, filesystems, file=file, dedupe=dedupe)
        if done.spec is not None and done.document is not None:
            done.report = Report()
            place = done.document.place(("variant",))
            done.report.add(Severity.ERROR, ignition_messages.BUTANE, ("variant",), place)
        return None, done.report
    config, lost = bring(done, target, filesystems, dedupe=dedupe)
    read = (entry for entry in done.report if entry.code != m.IS_CLC.code)  # here that is no news
    return config, Report([*read, *lost])
