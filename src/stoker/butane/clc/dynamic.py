"""Dynamic data: what a machine only knows of itself when it runs, by platform.

In go flags with fields in braces and a platform; out come flags with the variables that the metadata service of that
platform sets. On two platforms the service itself is told where to ask. Source: doc/dynamic-data.md of the project
container-linux-config-transpiler.
"""

from __future__ import annotations

from stoker.butane.clc.work import Work, dropin
from stoker.report import Pointer
from stoker.schema import clc_messages as m
from stoker.schema.platforms import PLATFORMS, TOLD, variables


class _Unknown(Exception):
    """A field that the platform does not have."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def lower_metadata(work: Work) -> None:
    """Tell the metadata service where to ask, where it has to be told."""
    if work.platform not in TOLD:
        return
    text = f"[Service]\nEnvironment=COREOS_METADATA_OPT_PROVIDER=--provider={work.platform}"
    name = "20-clct-provider-override.conf"
    work.add_unit(dropin("coreos-metadata.service", name, text), ())
    work.add_unit(dropin("coreos-metadata-sshkeys@.service", name, text, enabled=True), ())


def is_dynamic(flag: str) -> bool:
    """Whether a flag has a brace."""
    return "{" in flag or "}" in flag


def fill(work: Work, flags: dict[str, str], at: Pointer) -> dict[str, str]:
    """Flags, by row, with variables for fields; none when that cannot be done, which is reported."""
    dynamic = {row: flag for row, flag in flags.items() if is_dynamic(flag)}
    if not work.platform:
        work.said.error(m.PLATFORM_NEEDED, (*at, next(iter(dynamic))), platforms=", ".join(PLATFORMS))
        return {}
    known = variables(work.platform)
    filled = dict(flags)
    for row, flag in dynamic.items():
        try:
            filled[row] = _fill(flag, known)
        except _Unknown as unknown:
            fields = ", ".join(known)
            work.said.error(m.FIELD_UNKNOWN, (*at, row), field=unknown.field, platform=work.platform, fields=fields)
            return {}
    return filled


def _fill(flag: str, known: dict[str, str]) -> str:
    """A flag with variables for fields; a brace without its partner, or a wrong one first, ends the work on it."""
    if -1 < flag.find("}") < flag.find("{"):
        return flag
    done, position = [], 0
    while (start := flag.find("{", position)) >= 0 and (end := flag.find("}", start)) >= 0:
        field = flag[start + 1 : end]
        if field not in known:
            raise _Unknown(field)
        done += [flag[position:start], "${", known[field], "}"]
        position = end + 1
    return "".join([*done, flag[position:]])
