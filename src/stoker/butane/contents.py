"""Sugar that stays in place: `inline`, `local`, `contents_local` and `ssh_authorized_keys_local`.

In goes the work with the document decoded; afterwards every resource has a source, every unit its text and every user
all keys. Local files are read in the order in which the document's language lists them.
"""

from __future__ import annotations

import re
from typing import Final

from stoker.butane.local import LocalFault, read_local
from stoker.butane.work import Work
from stoker.report import Pointer
from stoker.schema import messages as m
from stoker.schema.v3 import Dropin, Ignition, Passwd, PasswdUser, Resource, Storage, Systemd, Unit

_LINE_END: Final = re.compile("\r?\n")


def lower_contents(work: Work) -> None:
    """Lower all sugar that stays in place."""
    source = work.source
    _lower_ignition(work, source.ignition)
    if source.passwd is not None:
        _lower_passwd(work, source.passwd)
    if source.storage is not None:
        _lower_storage(work, source.storage)
    if source.systemd is not None:
        _lower_systemd(work, source.systemd)


def _lower_resource(work: Work, resource: Resource, pointer: Pointer) -> None:
    if resource.local is not None:
        try:
            work.fill(resource, read_local(resource.local, work.files_dir))
        except LocalFault as fault:
            work.fault(fault, (*pointer, "local"))
        resource.local = None
    if resource.inline is not None:
        work.fill(resource, resource.inline.encode("utf-8", "surrogateescape"))
        resource.inline = None


def _lower_ignition(work: Work, ignition: Ignition) -> None:
    if ignition.config is not None:
        for index, reference in enumerate(ignition.config.merge):
            _lower_resource(work, reference, ("ignition", "config", "merge", index))
        if ignition.config.replace is not None:
            _lower_resource(work, ignition.config.replace, ("ignition", "config", "replace"))
    if ignition.security is not None and ignition.security.tls is not None:
        here = ("ignition", "security", "tls", "certificate_authorities")
        for index, authority in enumerate(ignition.security.tls.certificate_authorities):
            _lower_resource(work, authority, (*here, index))


def _lower_passwd(work: Work, passwd: Passwd) -> None:
    for index, user in enumerate(passwd.users):
        if user.ssh_authorized_keys_local:
            _lower_keys(work, user, index)


def _lower_keys(work: Work, user: PasswdUser, index: int) -> None:
    """Append the keys of local files, a key a line; empty lines are dropped."""
    here: Pointer = ("passwd", "users", index)
    source = (*here, "ssh_authorized_keys_local")
    paths, user.ssh_authorized_keys_local = user.ssh_authorized_keys_local, []
    if not work.files_dir:
        work.said.error(m.NO_FILES_DIR, source)
        return
    for number, path in enumerate(paths):
        try:
            text = _text(read_local(path, work.files_dir))
        except LocalFault as fault:
            work.fault(fault, (*source, number))
            continue
        for line in _LINE_END.split(text):
            if line:
                work.origins.make((*here, "sshAuthorizedKeys", len(user.ssh_authorized_keys)), (*source, number))
                user.ssh_authorized_keys.append(line)


def _lower_storage(work: Work, storage: Storage) -> None:
    for index, file in enumerate(storage.files):
        for number, resource in enumerate(file.append):
            _lower_resource(work, resource, ("storage", "files", index, "append", number))
        if file.contents is not None:
            _lower_resource(work, file.contents, ("storage", "files", index, "contents"))
    for index, luks in enumerate(storage.luks):
        if luks.key_file is not None:
            _lower_resource(work, luks.key_file, ("storage", "luks", index, "key_file"))


def _lower_systemd(work: Work, systemd: Systemd) -> None:
    for index, unit in enumerate(systemd.units):
        for number, dropin in enumerate(unit.dropins):
            if dropin.contents_local is not None:
                _lower_text(work, dropin, ("systemd", "units", index, "dropins", number))
        if unit.contents_local is not None:
            _lower_text(work, unit, ("systemd", "units", index))


def _lower_text(work: Work, thing: Unit | Dropin, pointer: Pointer) -> None:
    if thing.contents_local:
        try:
            thing.contents = _text(read_local(thing.contents_local, work.files_dir))
        except LocalFault as fault:
            work.fault(fault, (*pointer, "contents_local"))
    thing.contents_local = None


def _text(content: bytes) -> str:
    """Text of a local file; a byte that is not UTF-8 reads as U+FFFD, each for itself as in Go."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return re.sub("[\udc80-\udcff]", "\ufffd", content.decode("utf-8", "surrogateescape"))
