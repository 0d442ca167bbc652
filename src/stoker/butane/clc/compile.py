"""A Container Linux Config to an Ignition 2.3 config.

In goes the text of a document; out comes a Compilation: the config, the findings with their places, and the origins of
every part of the config. Nothing is raised for what a person wrote. There are two steps, as the reference has two
reports: `read` decodes and judges what was written, `lower` makes Ignition of it and judges that.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

from stoker.butane.clc.disks import lower_disks
from stoker.butane.clc.dynamic import lower_metadata
from stoker.butane.clc.nodes import lower_directories, lower_files, lower_links, verification
from stoker.butane.clc.services import lower_docker, lower_etcd, lower_flannel
from stoker.butane.clc.update import lower_update
from stoker.butane.clc.work import Work, copied
from stoker.butane.faults import report_faults
from stoker.butane.origins import Origins, settle, snake_pointer
from stoker.document import yaml
from stoker.document.nodes import Document
from stoker.report import Message, Place, Pointer, Report, Severity
from stoker.schema import clc_messages as m
from stoker.schema import messages, v2
from stoker.schema.clc import Config, Reference
from stoker.schema.decode_clc import decode
from stoker.schema.judge_clc import judge
from stoker.schema.judge_v2 import judge_v2
from stoker.schema.meant import advise
from stoker.schema.meant_clc import meant_clc
from stoker.schema.platforms import OTHER_NAMES, PLATFORMS
from stoker.schema.rules import Finding
from stoker.schema.specs import SPECS_2
from stoker.schema.urls import parse_url

AnyReference = TypeVar("AnyReference", v2.ConfigReference, v2.CaReference)

IGNITION_2_3: Final = SPECS_2["ignition", "2.3.0"]


class Source(NamedTuple):
    """What a person wrote. `config` is None when it cannot be used; `document` is None when the text is no YAML.

    `written` is the config also where a rule is broken.
    """

    config: Config | None
    document: Document | None
    report: Report
    written: Config | None = None


class Compilation:
    """What became of a document. `config` is None when there are errors."""

    __slots__ = ("config", "document", "origins", "report", "spec")

    def __init__(self, document: Document | None, report: Report) -> None:
        self.config: v2.Config | None = None
        self.document = document
        self.origins = Origins()
        self.report = report
        self.spec = IGNITION_2_3

    @property
    def documents(self) -> list[Document]:
        """The document, where it is YAML, as a list that may hold it."""
        return [] if self.document is None else [self.document]

    @property
    def texts(self) -> dict[str, bytes]:
        """The text by its file's name."""
        return {document.file: document.text for document in self.documents}

    def sources(self, result: Pointer) -> list[tuple[Pointer, Place]]:
        """The parts of the document that gave a part of the config, and where they stand."""
        return [] if self.document is None else self.origins.sources(result, self.document)


def compile_clc(text: bytes, *, file: str = "", files_dir: str = "", platform: str = "") -> Compilation:
    """Compile a Container Linux Config.

    `file` is the name to show, `files_dir` where local files are (none: they are refused), `platform` where the
    machine will run, for dynamic data: one of `platforms.NAMES`.
    """
    source = read(text, file=file)
    _advise(source)
    done = lower(source, files_dir=files_dir, platform=OTHER_NAMES.get(platform, platform))
    done.report = Report([*source.report, *done.report])
    return done


def _advise(source: Source) -> None:
    """Say what was meant by keys that are none, rather than only where letters are large that should be small."""
    config = source.written
    if config is not None:
        entries = source.report.entries
        entries[:] = [entry for entry in entries if entry.code != m.OTHER_CASE.code]
        advise(source.report, lambda pointer: meant_clc(pointer, config))


def read(text: bytes, *, file: str = "") -> Source:
    """Decode and judge what was written."""
    document, report = yaml.read(text, file)
    if document is None:
        return Source(None, None, report)
    if document.root is None:
        report.add(Severity.WARNING, m.EMPTY)
    config, faults = decode(document)
    if report_faults(faults, document, report):
        return Source(None, document, report)
    for severity, message, pointer, values in judge(config, document):
        find = document.key_place if message in {m.UNKNOWN_KEY, m.OTHER_CASE} else document.place
        report.add(severity, message, pointer, find(pointer, as_decoded=False), **values)
    return Source(None if report.has_errors else config, document, report, config)


def lower(source: Source, *, files_dir: str = "", platform: str = "", as_reference: bool = False) -> Compilation:
    """Make Ignition of what was read; the report is of this step alone.

    `as_reference` finds places exactly as ct does, its mistakes included, and lets local files be anywhere.
    """
    done = Compilation(source.document, Report())
    if source.config is None or source.document is None:
        return done
    if platform and platform not in PLATFORMS:
        done.report.add(Severity.ERROR, m.PLATFORM_UNKNOWN, platforms=", ".join(PLATFORMS))
        return done
    work = Work(source.config, platform, files_dir, as_reference=as_reference)
    done.origins = work.origins
    _lower(work)
    for severity, message, pointer, values in work.said.findings:
        is_nowhere = as_reference and message in {m.PLATFORM_NEEDED, m.FIELD_UNKNOWN}
        place = None if is_nowhere else source.document.place(pointer, as_decoded=not as_reference)
        done.report.add(severity, message, pointer, place, **values)
    if done.report.has_errors:
        return done
    _place_result(judge_v2(work.config, IGNITION_2_3), work, source.document, done.report)
    if not done.report.has_errors:
        done.config = work.config
    return done


def _lower(work: Work) -> None:
    """Lower everything, in the order in which the reference finds what is wrong and lists what it makes."""
    lower_metadata(work)
    _lower_ignition(work)
    lower_disks(work)
    lower_docker(work)
    lower_etcd(work)
    lower_files(work)
    lower_directories(work)
    lower_links(work)
    lower_flannel(work)
    _copy(work)
    lower_update(work)


def _lower_ignition(work: Work) -> None:
    source, made = work.source.ignition, work.config.ignition
    made.timeouts = copied(source.timeouts, v2.Timeouts)
    here: Pointer = ("ignition", "config")
    for index, reference in enumerate(source.config.append):
        if _is_url(work, reference, (*here, "append", index)):
            made.config.append.append(_lower_reference(reference, v2.ConfigReference))
    replace = source.config.replace
    if replace is not None and _is_url(work, replace, (*here, "replace")):
        made.config.replace = _lower_reference(replace, v2.ConfigReference)
    made.security.tls.certificate_authorities = [
        _lower_reference(reference, v2.CaReference) for reference in source.security.tls.certificate_authorities
    ]


def _is_url(work: Work, reference: Reference, at: Pointer) -> bool:
    if parse_url(reference.source) is not None:
        return True
    work.said.error(m.URL, (*at, "source"), url=reference.source)
    return False


def _lower_reference(reference: Reference, cls: type[AnyReference]) -> AnyReference:
    return cls(source=reference.source, verification=verification(reference.verification.hash))


def _copy(work: Work) -> None:
    """What is the same in both languages. The person's units come after those that were generated."""
    source, made = work.source, work.config
    made.storage.filesystems = [copied(filesystem, v2.Filesystem) for filesystem in source.storage.filesystems]
    made.storage.raid = [copied(array, v2.Raid) for array in source.storage.raid]
    made.networkd = copied(source.networkd, v2.Networkd)
    made.passwd = copied(source.passwd, v2.Passwd)
    generated = len(made.systemd.units)
    for index, unit in enumerate(source.systemd.units):
        made.systemd.units.append(copied(unit, v2.Unit))
        if generated:
            work.origins.make(("systemd", "units", generated + index), ("systemd", "units", index), whole=True)


# What the reference says of a whole object, while the rule names the part: message to how many steps to leave off.
_OF_THE_WHOLE: Final = {
    messages.UNKNOWN_FILESYSTEM: 4,
    messages.SHADOWED_FILESYSTEM: 4,
    messages.HASH_MALFORMED: 1,
    messages.HASH_UNRECOGNIZED: 1,
    messages.HASH_SIZE: 1,
    messages.DROPIN_SUFFIX: 1,
    messages.NETWORKD_SUFFIX: 1,
    messages.NETWORKD_DROPIN_SUFFIX: 1,
    messages.INVALID_FORMAT: 1,
}


def _place_result(findings: list[Finding], work: Work, document: Document, report: Report) -> None:
    """Report findings about the result at the places in the document that they come from."""
    for severity, message, pointer, values in findings:
        if work.as_reference:
            place = document.place(_reference_pointer(work.source, message, pointer), as_decoded=False)
            report.add(severity, message, pointer, place, **values)
        else:
            source = settle(document, work.origins.trace(pointer)[-1])
            report.add(severity, message, source, document.place(source), **values)


def _reference_pointer(source: Config, message: Message, pointer: Pointer) -> Pointer:
    """Where the reference looks: under the same pointer, whatever was put before it; for remote contents in there."""
    is_unit = pointer[:1] == ("systemd",) and len(pointer) == 4
    is_part = (message is messages.UNIT_CONTENT and not is_unit) or pointer[-2:-1] == ("devices",)
    found = snake_pointer(pointer[: len(pointer) - (1 if is_part else _OF_THE_WHOLE.get(message, 0))])
    if found[:2] != ("storage", "files") or found[3:4] != ("contents",):
        return found
    index = found[2]
    files = source.storage.files
    if not isinstance(index, int) or index >= len(files) or not files[index].contents.remote.url:
        return found
    rest = tuple("url" if step == "source" else step for step in found[4:])
    return (*found[:4], "remote", *rest)
