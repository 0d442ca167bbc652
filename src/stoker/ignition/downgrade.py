"""Ignition 3 to Ignition 2: what a config says, said the old way.

In goes a judged config of `v3`; out come a config of `v2` and a finding for every loss and every refusal, with a
pointer into what went in. Ignition 2 knows a node by a file system and a path in it, and a file is either written or
appended to, so one file may become several. Source: ign-converter's `translate/v3*tov2*`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from stoker.ignition import messages as m
from stoker.ignition.convert import convert
from stoker.ignition.downgrade_rows import translate
from stoker.ignition.losses import leave_out, short
from stoker.report import Message, Pointer, Report, Severity
from stoker.schema import v2
from stoker.schema.decode import rows
from stoker.schema.judge_v2 import judge_v2
from stoker.schema.marks import since
from stoker.schema.objects import Object
from stoker.schema.specs import IGNITION, Spec
from stoker.schema.v3 import Config, File, HttpHeader, IgnitionConfig, Resource, Storage

_NEWEST_TRANSLATED: Final = IGNITION[2]
# From here on ign-converter lets mount options go; before, it refuses them.
_IGNORES_MOUNT_OPTIONS: Final = since("2.4")
_LUKS: Final = ("storage", "luks")


def downgrade(
    config: Config, spec: Spec, target: Spec, *, like_ign_converter: bool = False
) -> tuple[v2.Config | None, Report]:
    """Translate `config`, which may be changed, from Ignition 3 `spec` to Ignition 2 `target`.

    The result is None when anything was refused. `like_ign_converter` keeps faults of the original for scripts that
    count on them: a mount point counts as text at the start of a path, and rows that the target does not have go with
    no more than a warning.
    """
    report = Report()
    if spec.minor > _NEWEST_TRANSLATED.minor:
        config, lost = convert(
            config, spec, _NEWEST_TRANSLATED, like_ign_converter=like_ign_converter, named=target.version
        )
        report.extend(lost)
    _Refusals(target, report).look_at(config)
    if report.has_errors:
        return None, report if like_ign_converter else _without_parts(report)
    result, moves = translate(config, report, like_ign_converter=like_ign_converter)
    lost = Report()
    leave_out(result, target, lost)
    if like_ign_converter:
        lost = Report(msgspec.structs.replace(entry, severity=Severity.WARNING) for entry in lost)
    result.ignition.version = target.version
    for finding in judge_v2(result, target):
        if finding.severity is Severity.ERROR:
            problem = finding.message.text.format_map(finding.values)
            refusal = m.PLAIN_RULE_IN_TARGET if like_ign_converter else m.RULE_IN_TARGET
            lost.add(Severity.ERROR, refusal, finding.pointer, None, target=target.version, problem=problem)
    report.extend(moves.back(entry) for entry in lost)
    return (None if lost.has_errors else result), report


def _without_parts(report: Report) -> Report:
    """The findings without those about parts of what is refused as a whole."""
    is_whole = any(entry.pointer == _LUKS for entry in report)
    return Report(entry for entry in report if not (is_whole and entry.pointer[:2] == _LUKS != entry.pointer))


class _Refusals:
    """Finds what Ignition 2 cannot say, in the words of ign-converter."""

    def __init__(self, target: Spec, report: Report) -> None:
        self._target = target
        self._report = report

    def look_at(self, config: Config) -> None:
        """Look at the whole config."""
        ignition = config.ignition
        if ignition.config is not None:
            self._look_at_references(ignition.config)
        tls = ignition.security.tls if ignition.security is not None else None
        for index, bundle in enumerate(tls.certificate_authorities if tls is not None else ()):
            here = ("ignition", "security", "tls", "certificateAuthorities", index)
            self._look_at_resource(bundle, "Ignition.Security.TLS.CertificateAuthorities", here)
        proxy = ignition.proxy
        is_set = proxy is not None and (
            proxy.http_proxy is not None or proxy.https_proxy is not None or proxy.no_proxy != []
        )
        if is_set and not self._knows(v2.Ignition, "proxy"):
            self._refuse(m.NO_PROXY, ("ignition", "proxy"))
        if config.storage is not None:
            self._look_at_storage(config.storage)
        for pointer, message in _absent_accounts(config):
            self._refuse(message, pointer)

    def _look_at_references(self, config: IgnitionConfig) -> None:
        for index, reference in enumerate(config.merge):
            here = ("ignition", "config", "merge", index)
            self._look_at_resource(reference, "Ignition.Config.Merge", here)
            if reference.source is None:
                self._refuse(m.NO_SOURCE, here)
        if config.replace is not None:
            self._look_at_resource(config.replace, "Ignition.Config.Replace", ("ignition", "config", "replace"))

    def _look_at_resource(self, resource: Resource, where: str, here: Pointer) -> None:
        if resource.compression is not None:
            self._refuse(m.NO_COMPRESSION, (*here, "compression"), where=where)
        self._look_at_headers(resource.http_headers, where, (*here, "httpHeaders"))

    def _look_at_headers(self, headers: list[HttpHeader], where: str, here: Pointer) -> None:
        if not headers:
            return
        if not self._knows(v2.FileContents, "http_headers"):
            self._refuse(m.NO_HEADERS, here, where=where)
            return
        for index, header in enumerate(headers):
            if header.value is None:
                self._refuse(m.HEADER_REMOVED, (*here, index))

    def _look_at_storage(self, storage: Storage) -> None:
        if storage.luks:
            self._refuse(m.NO_LUKS, _LUKS)
        for index, disk in enumerate(storage.disks):
            for number, partition in enumerate(disk.partitions):
                here = ("storage", "disks", index, "partitions", number)
                in_mib = partition.size_mib is not None or partition.start_mib is not None
                if in_mib and not self._knows(v2.Partition, "size_mib"):
                    self._refuse(m.NO_MIB, here)
                if partition.resize:
                    self._refuse(m.NO_RESIZE, (*here, "resize"))
        for index, filesystem in enumerate(storage.filesystems):
            if filesystem.mount_options:
                is_ignored = _IGNORES_MOUNT_OPTIONS.has(self._target)
                severity = Severity.WARNING if is_ignored else Severity.ERROR
                self._say(severity, m.NO_MOUNT_OPTIONS, ("storage", "filesystems", index, "mountOptions"))
        for index, file in enumerate(storage.files):
            self._look_at_file(file, ("storage", "files", index))

    def _look_at_file(self, file: File, here: Pointer) -> None:
        if file.contents is not None:
            pointer: Pointer = (*here, "contents", "httpHeaders")
            self._look_at_headers(file.contents.http_headers, "Storage.Files.Contents", pointer)
        for number, appended in enumerate(file.append):
            pointer = (*here, "append", number, "httpHeaders")
            self._look_at_headers(appended.http_headers, "Storage.Files.Append.*", pointer)

    def _knows(self, cls: type[Object], name: str) -> bool:
        return any(row.name == name for row in rows(cls, self._target))

    def _refuse(self, message: Message, here: Pointer, **values: object) -> None:
        self._say(Severity.ERROR, message, here, **values)

    def _say(self, severity: Severity, message: Message, here: Pointer, **values: object) -> None:
        values |= {"before": short(self._target.version), "since": _NEWEST_TRANSLATED.version}
        self._report.add(severity, message, here, None, **values)


def _absent_accounts(config: Config) -> Iterator[tuple[Pointer, Message]]:
    """The accounts that shall not exist, and what is said of them."""
    if config.passwd is None:
        return
    for index, user in enumerate(config.passwd.users):
        if user.should_exist is False:
            yield ("passwd", "users", index, "shouldExist"), m.NO_USER_SHOULD_EXIST
    for index, group in enumerate(config.passwd.groups):
        if group.should_exist is False:
            yield ("passwd", "groups", index, "shouldExist"), m.NO_GROUP_SHOULD_EXIST
