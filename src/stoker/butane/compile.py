"""A Butane document to an Ignition config.

In goes the text of a document; out comes a Compilation: the config, the findings with their places, and the origins of
every part of the config. Nothing is raised for what a person wrote. The steps are those of the reference, and each
stops when it found an error: read, decode, judge what was written, lower the sugar, refuse what the variant forbids,
judge what came out.
"""

from __future__ import annotations

import gc
from codecs import BOM_UTF8
from typing import Any

from stoker.butane import messages as m
from stoker.butane.bootdevice import check_partitions, lower_boot_device, lower_grub
from stoker.butane.contents import lower_contents
from stoker.butane.faults import report_faults
from stoker.butane.machineconfig import (
    CONFIG,
    add_fips_cipher,
    find_elided,
    find_refused,
    find_spec_duplicates,
    move_grub,
    trace,
)
from stoker.butane.mounts import lower_mounts
from stoker.butane.notices import CLOUD_CONFIG
from stoker.butane.origins import Origins, settle, snake_pointer
from stoker.butane.trees import lower_quadlets, lower_trees
from stoker.butane.work import Work
from stoker.document import yaml
from stoker.document.nodes import MAPPING, MERGE_KEY, SCALAR, Document, Node
from stoker.report import ROOT, Entry, Place, Pointer, Report, Severity
from stoker.schema import composing
from stoker.schema import messages as schema_messages
from stoker.schema.decode import YAML, Faults, plan, rows
from stoker.schema.features import MACHINE_CONFIG
from stoker.schema.judge import judge_result, judge_source
from stoker.schema.meant import advise, meant
from stoker.schema.objects import Object
from stoker.schema.rules import Finding, Say
from stoker.schema.rules.forbidden import find_forbidden, is_empty
from stoker.schema.specs import BUTANE, NEWEST, SPECS, Spec, canonical_version
from stoker.schema.unused import find_unused
from stoker.schema.v3 import Config, Metadata, OpenShift

INVALID_SOURCE = "source config is invalid"
INVALID_RESULT = "config generated was invalid"
# The first line of a config for cloud-init (https://docs.cloud-init.io/en/latest/explanation/format.html).
CLOUD_CONFIG_LINE = b"#cloud-config"


class Compilation:
    """What became of a document.

    `config` is None when there are errors. `error` says in the reference's words why there is none. `metadata` and
    `openshift` are what a MachineConfig says beside the config. `texts` are the texts that places count in, by file.
    """

    __slots__ = ("config", "document", "error", "metadata", "openshift", "origins", "report", "spec", "texts")

    def __init__(self, report: Report) -> None:
        self.config: Config | None = None
        self.report = report
        self.error: str | None = None
        self.spec: Spec | None = None
        self.document: Document | None = None
        self.metadata: Metadata | None = None
        self.openshift: OpenShift | None = None
        self.origins = Origins()
        self.texts: dict[str, bytes] = {}

    @property
    def documents(self) -> list[Document]:
        """The documents that the config was made of."""
        return [] if self.document is None else [self.document]

    def sources(self, result: Pointer) -> list[tuple[Pointer, Place]]:
        """The parts of the document that gave a part of the config, and where they stand."""
        return [] if self.document is None else self.origins.sources(result, self.document)


def compile_text(
    text: bytes, *, file: str = "", files_dir: str = "", raw: bool = False, as_reference: bool = False
) -> Compilation:
    """Compile a Butane document.

    `file` is the name to show, `files_dir` where local files are (none: they are refused), `raw` leaves out what a
    MachineConfig would add. `as_reference` finds places exactly as Butane does, its mistakes included.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        done = _compile(text, file, files_dir, raw=raw, as_reference=as_reference)
        done.texts[file] = text
        return done
    finally:
        if was_enabled:
            gc.enable()


def _compile(text: bytes, file: str, files_dir: str, *, raw: bool, as_reference: bool) -> Compilation:
    if not as_reference and text.removeprefix(BOM_UTF8).startswith(CLOUD_CONFIG_LINE):
        report = Report()
        report.add(Severity.ERROR, CLOUD_CONFIG, ROOT, Place(file, 1, 1))
        return _refused(report)
    document, report = yaml.read(text, file)
    if document is None:
        return _refused(report)
    if not as_reference and _is_composed(document.root):
        from stoker.butane.composition import compose  # noqa: PLC0415 -- most documents stand alone

        return compose(document, report, files_dir, raw=raw)
    return compile_nodes(document, report, files_dir, raw=raw, as_reference=as_reference)


def _is_composed(root: Node | None) -> bool:
    pairs = root.value if root is not None and root.kind == MAPPING else ()
    return any(key.kind == SCALAR and key.value in composing.KEYS for key, _ in pairs)


def _refused(report: Report) -> Compilation:
    done = Compilation(report)
    done.error = INVALID_SOURCE
    return done


def compile_nodes(
    document: Document, report: Report, files_dir: str, *, raw: bool = False, as_reference: bool = False
) -> Compilation:
    """Compile a document that has been read; findings are added to `report`."""
    done = _Compiler(document, report, files_dir, raw=raw, as_reference=as_reference).run()
    spec = done.spec
    if spec is not None and not as_reference:
        advise(report, lambda pointer: meant(pointer, spec))
    return done


class _Compiler:
    def __init__(self, document: Document, report: Report, files_dir: str, *, raw: bool, as_reference: bool) -> None:
        self.document = document
        self.report = report
        self.files_dir = files_dir
        self.raw = raw
        self.as_reference = as_reference

    def run(self) -> Compilation:
        done = Compilation(self.report)
        done.document = self.document
        spec = self._spec(done)
        if spec is None:
            return done
        done.spec = self.spec = spec
        source = self._decode()
        done.error = INVALID_SOURCE
        if source is None:
            return done
        if self._place(judge_source(source, spec)):
            return done
        work = Work(source, spec, self.files_dir)
        done.origins = work.origins
        self.openshift = source.openshift
        done.metadata, done.openshift = source.metadata, source.openshift
        if self._lower(work) or self._refuse(work):
            return done
        done.error = INVALID_RESULT
        if self._judge(work):
            return done
        done.error, done.config = None, work.config
        return done

    def _spec(self, done: Compilation) -> Spec | None:
        """Which language it is: the variant first, then the version."""
        root = self.document.root
        faults = Faults()
        common = plan(Config, BUTANE[0], YAML).read(_only(root), faults) if root is not None else None
        if report_faults(faults, self.document, self.report):
            done.error = INVALID_SOURCE
            return None
        variant = common.variant if isinstance(common, Config) else None
        version = (common.version if isinstance(common, Config) else None) or ""
        canonical = canonical_version(version)
        if not variant:
            done.error = m.NO_VARIANT.text
            self._say(m.NO_VARIANT, ("variant",))
            return None
        versions = ", ".join(spec.version for spec in BUTANE if spec.variant == variant)
        if canonical is None:
            done.error = m.NO_VERSION.text
            self._say(m.NO_VERSION, ("version",), variant=variant, versions=versions or "none")
            return None
        spec = SPECS.get((variant, canonical))
        if spec is not None and spec.is_butane:
            return spec
        if (variant, canonical) == ("rhcos", "0.1.0"):
            done.error = m.RHCOS_REMOVED.text
            self._say(m.RHCOS_REMOVED, ("variant",))
            return None
        variants = ", ".join(dict.fromkeys(spec.variant for spec in BUTANE))
        known = f"`{variant}` has these versions: {versions}" if versions else f"the variants are {variants}"
        done.error = m.UNKNOWN_SPEC.text.format(variant=variant, version=canonical)
        pointer = ("version",) if versions else ("variant",)
        self._say(m.UNKNOWN_SPEC, pointer, variant=variant, version=canonical, known=known)
        return None

    def _say(self, message: Any, pointer: Pointer, **values: object) -> None:
        self.report.add(Severity.ERROR, message, pointer, self.document.place(pointer), **values)

    def _decode(self) -> Config | None:
        faults = Faults()
        root = self.document.root
        config = plan(Config, self.spec, YAML).read(root, faults) if root is not None else None
        if report_faults(faults, self.document, self.report) or not isinstance(config, Config):
            return None
        if MACHINE_CONFIG.has(self.spec) and config.metadata is None:
            config.metadata = Metadata(name="")
        if faults.unknown:
            for message, pointer, values in find_unused(Config, config, self.document, self.spec):
                is_key = message is schema_messages.UNUSED_KEY
                place = (self.document.key_place if is_key else self.document.place)(pointer, as_decoded=False)
                self.report.add(Severity.WARNING, message, pointer, place, **values)
        return config

    def _place(self, findings: list[Finding]) -> bool:
        """Report findings about the document; whether any stops."""
        for severity, message, pointer, values in findings:
            place = self.document.place(pointer, as_decoded=not self.as_reference)
            self.report.add(severity, message, pointer, place, **values)
        return self.report.has_errors

    def _lower(self, work: Work) -> bool:
        lower_contents(work)
        lower_mounts(work)
        lower_trees(work)
        lower_quadlets(work)
        if self._place(work.findings):
            return True
        lower_boot_device(work)
        check_partitions(work)
        if MACHINE_CONFIG.has(work.spec):
            for severity, message, pointer, values in work.found.findings:
                source = snake_pointer(pointer)
                self.report.add(severity, message, source, self.document.place(source), **values)
        else:
            self._place_result(work, work.found.findings)
        lower_grub(work)
        if MACHINE_CONFIG.has(work.spec):
            move_grub(work)
            add_fips_cipher(work)
            say = Say(work.spec)
            find_refused(work.config, say)
            self._place_result(work, say.findings, is_wrapped=True)
            if self.raw:
                say = Say(work.spec)
                find_elided(work.source.openshift, say)
                self._place_result(work, say.findings)
        work.config.ignition.version = work.spec.ignition_version
        _strip(work.config)
        return self.report.has_errors

    def _refuse(self, work: Work) -> bool:
        if MACHINE_CONFIG.has(work.spec) and self.raw:
            return False  # the cluster does not see a bare Ignition config
        say = Say(work.spec)
        find_forbidden(work.config, say)
        self._place_result(work, say.findings)
        return self.report.has_errors

    def _judge(self, work: Work) -> bool:
        if MACHINE_CONFIG.has(work.spec) and not self.raw:
            say = Say(work.spec)
            find_spec_duplicates(self.openshift, say)
            self._place_result(work, say.findings)
        self._place_result(work, judge_result(work.config, work.spec))
        return self.report.has_errors

    def _place_result(self, work: Work, findings: list[Finding], *, is_wrapped: bool = False) -> None:
        """Report findings about the result at the places in the document that they come from.

        The reference loses the place of what it finds in the wrapped config when it unwraps that (`is_wrapped`).
        """
        is_lost = is_wrapped and self.raw and self.as_reference
        for severity, message, pointer, values in findings:
            source = snake_pointer(CONFIG + pointer) if is_lost else self._source(work, pointer)
            place = self.document.place(source, as_decoded=not self.as_reference)
            self.report.add(severity, message, source, place, **values)

    def _merges(self, work: Work) -> bool:
        """Whether the reference has merged something generated, be it nothing, under the result."""
        storage = work.config.storage
        has_filesystems = storage is not None and bool(storage.filesystems) and work.encodes
        return has_filesystems or work.origins.has_merged or any(row.name == "grub" for row in rows(Config, work.spec))

    def _source(self, work: Work, pointer: Pointer) -> Pointer:
        if pointer[:1] == ("spec",):
            return settle(self.document, trace(work.origins, pointer)[-1])
        if self.as_reference and not has_value(work.config, pointer, was_merged=self._merges(work)):
            prefix = CONFIG if MACHINE_CONFIG.has(work.spec) and not self.raw else ROOT
            return snake_pointer(prefix + pointer)
        return settle(self.document, work.origins.trace(pointer)[-1])


def _only(root: Node) -> Node:
    """A mapping with only what says which language it is, or the node itself when it is none."""
    if root.kind != MAPPING:
        return root
    pairs = [
        (key, value)
        for key, value in root.value
        if key.kind != SCALAR or key.value in {"variant", "version", MERGE_KEY}
    ]
    return Node(MAPPING, pairs, root.mark)


def has_value(config: Config, pointer: Pointer, *, was_merged: bool) -> bool:
    """Whether the reference knows where the part of a config at a pointer came from.

    It does not for what is absent, nor, once it has merged anything, for empty strings and zeros.
    """
    thing: Any = config
    is_plain = False
    for step in pointer:
        if isinstance(step, int):
            thing = thing[step] if isinstance(thing, list) and step < len(thing) else None
        elif isinstance(thing, Object):
            row = next((row for row in rows(type(thing), NEWEST) if row.json == step), None)
            is_plain = row is not None and not row.is_optional
            thing = getattr(thing, row.name) if row is not None else None
        else:
            return False
        if thing is None or thing == [] or (isinstance(thing, Object) and is_empty(thing)):
            return False
    return not (was_merged and is_plain and thing in ("", 0))


def _strip(config: Config) -> None:
    """Remove what only the document had."""
    config.version = config.variant = None
    config.boot_device = config.grub = config.metadata = config.openshift = None
    storage, systemd = config.storage, config.systemd
    if storage is not None and not any(getattr(storage, name) for name in storage.__struct_fields__):
        config.storage = None
    if systemd is not None and not (systemd.units or systemd.quadlets):
        config.systemd = None


def entries_of(report: Report) -> list[Entry]:
    """The entries of a report, each once: the reference says some things twice."""
    return list(dict.fromkeys(report.entries))
