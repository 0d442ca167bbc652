"""OpenShift: the MachineConfig around an Ignition config, and what a cluster refuses of one.

In goes the work with all other sugar lowered; out comes the MachineConfig's own part, and findings about the whole.
Pointers into a MachineConfig begin with `spec.config` where they are the Ignition config's.
Source: the MachineConfig type of the machine-config-operator, Butane's `config/openshift`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from stoker.butane.origins import Origins
from stoker.butane.work import Work
from stoker.report import Message, Pointer
from stoker.schema import messages as m
from stoker.schema.features import FIPS_CIPHER, GRUB_CONTENTS, NO_FORMAT_NONE, NO_SPECIAL_MODES
from stoker.schema.rules import Say
from stoker.schema.urls import parse_url
from stoker.schema.v3 import Config, Metadata, OpenShift

API_VERSION: Final = "machineconfiguration.openshift.io/v1"
CONFIG: Final[Pointer] = ("spec", "config")
# Field of the MachineConfig's spec: the attribute it is copied from.
SPEC: Final = {
    "kernelArguments": "kernel_arguments",
    "extensions": "extensions",
    "fips": "fips",
    "kernelType": "kernel_type",
}

_CIPHER: Final = ["--cipher", "aes-cbc-essiv:sha256"]
_USER_CFG: Final = "/boot/grub2/user.cfg"


def move_grub(work: Work) -> None:
    """Write the boot loader's users as contents: the operator cannot append."""
    storage = work.config.storage
    if storage is None or not GRUB_CONTENTS.has(work.spec):
        return
    for index, file in enumerate(storage.files):
        if file.path == _USER_CFG:
            if len(file.append) == 1:
                sources = work.origins.trace(("storage", "files", index, "append", 0))
                file.contents, file.append = file.append[0], []
                work.origins.make(("storage", "files", index, "contents"), sources[-1])
            return


def add_fips_cipher(work: Work) -> None:
    """Give each encrypted device a cipher that FIPS mode allows, unless the person chose one."""
    openshift, storage = work.source.openshift, work.config.storage
    if openshift is None or not openshift.fips or storage is None or not FIPS_CIPHER.has(work.spec):
        return
    for index, luks in enumerate(storage.luks):
        if any(option in {"--cipher", "-c"} or option.startswith("--cipher=") for option in luks.options):
            continue
        if not luks.options:
            work.origins.make(("storage", "luks", index, "options"), ("openshift", "fips"))
        for number in range(len(luks.options), len(luks.options) + 2):
            work.origins.make(("storage", "luks", index, "options", number), ("openshift", "fips"))
        luks.options = [*luks.options, *_CIPHER]


def find_refused(config: Config, say: Say) -> None:
    """Report what RHEL CoreOS and the operator refuse of a config."""
    storage = config.storage
    if storage is not None:
        formats: list[tuple[str, Message]] = [("btrfs", m.BTRFS_UNSUPPORTED)]
        if NO_FORMAT_NONE.has(say.spec):
            formats.append(("none", m.NONE_UNSUPPORTED))
        for refused, message in formats:
            for index, filesystem in enumerate(storage.filesystems):
                if filesystem.format == refused:
                    say.error(message, ("storage", "filesystems", index, "format"))
        for index, file in enumerate(storage.files):
            here = ("storage", "files", index)
            source = file.contents.source if file.contents is not None else None
            url = parse_url(source) if source is not None else None
            if url is not None and url.scheme != "data":
                say.error(m.SCHEME_UNSUPPORTED, (*here, "contents", "source"))
            if file.mode is not None and file.mode & ~0o777 and NO_SPECIAL_MODES.has(say.spec):
                say.error(m.SPECIAL_MODE_UNSUPPORTED, (*here, "mode"))
    for index, user in enumerate(config.passwd.users if config.passwd is not None else ()):
        if user.name != "core":
            say.error(m.USER_NAME_UNSUPPORTED, ("passwd", "users", index, "name"))


def find_elided(openshift: OpenShift | None, say: Say) -> None:
    """Warn of what a bare Ignition config cannot carry."""
    for field, name in SPEC.items():
        value = getattr(openshift, name, None)
        if value is not None and value != []:
            say.warn(m.FIELD_ELIDED, ("spec", field))


def find_spec_duplicates(openshift: OpenShift | None, say: Say) -> None:
    """Report arguments and extensions that are given twice."""
    for field in ("kernelArguments", "extensions"):
        seen: set[str] = set()
        for index, item in enumerate(getattr(openshift, SPEC[field], ())):
            if item in seen:
                say.error(m.DUPLICATE_ENTRY, ("spec", field, index))
            seen.add(item)


def trace(origins: Origins, pointer: Pointer) -> list[Pointer]:
    """Where a part of the MachineConfig came from."""
    if pointer[:2] == CONFIG:
        return origins.trace(pointer[2:])
    if pointer[:1] == ("spec",) and len(pointer) > 1:
        return [("openshift", SPEC.get(str(pointer[1]), str(pointer[1])), *pointer[2:])]
    return [pointer if pointer[:1] == ("metadata",) else ("version",)]


def wrap(metadata: Metadata, openshift: OpenShift | None, config: Config) -> dict[str, Any]:
    """The MachineConfig as plain data."""
    spec: dict[str, Any] = {"config": msgspec.to_builtins(config)}
    for field, name in SPEC.items():
        value = getattr(openshift, name, None)
        if value is not None and value != []:
            spec[field] = value
    named: dict[str, Any] = {"name": metadata.name}
    if metadata.labels:
        named["labels"] = metadata.labels
    return {"apiVersion": API_VERSION, "kind": "MachineConfig", "metadata": named, "spec": spec}
