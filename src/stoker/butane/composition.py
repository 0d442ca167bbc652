"""A document made of parts: `include:` names fragments that are compiled by themselves and merged below it.

In goes a document that has `include:` or `variables:`; out comes a Composition. Its config is what Ignition's own merge
makes of the parts compiled apart: the fragments in order are the parents, the document itself is the last child. Each
part of it knows the file and line that it came from. All of this happens before a machine sees anything; to merge on
the machine there is `ignition.config.merge`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from stoker.butane import notices as m
from stoker.butane.compile import INVALID_RESULT, INVALID_SOURCE, Compilation, compile_nodes
from stoker.butane.documents import other_language
from stoker.butane.faults import report_faults
from stoker.butane.local import LocalFault, read_file
from stoker.butane.machineconfig import find_refused
from stoker.butane.variables import Asker, Given, Mistakes, Variables, members
from stoker.document import scalars, yaml
from stoker.document.nodes import ALIAS, MAPPING, SCALAR, SEQUENCE, Document, Node
from stoker.ignition.convert import convert
from stoker.ignition.merge import CHILD, Transcript, merge, trace
from stoker.report import Message, Place, Pointer, Report
from stoker.schema.composing import KEYS
from stoker.schema.decode import Faults, find_twice
from stoker.schema.features import MACHINE_CONFIG
from stoker.schema.judge import judge_result
from stoker.schema.messages import WRONG_TYPE
from stoker.schema.rules import Finding, Say
from stoker.schema.rules.forbidden import find_forbidden
from stoker.schema.specs import IGNITION, Spec
from stoker.schema.v3 import Metadata, OpenShift

MAX_DEPTH: Final = 20
MAX_FRAGMENTS: Final = 500


class Composition(Compilation):
    """What became of a document and its fragments. `parts` are the fragments in order, then the document itself."""

    __slots__ = ("parts", "transcripts")

    def __init__(self, own: Compilation, parts: list[Compilation]) -> None:
        super().__init__(own.report)
        self.error, self.spec, self.document, self.origins = own.error, own.spec, own.document, own.origins
        self.metadata, self.openshift = own.metadata, own.openshift
        self.parts = [*parts, own]
        self.transcripts: list[Transcript] = []

    @property
    def documents(self) -> list[Document]:
        """The documents of all parts, each file once."""
        found = {document.file: document for part in self.parts for document in part.documents}
        return list(found.values())

    def sources(self, result: Pointer) -> list[tuple[Pointer, Place]]:
        """The parts of the documents that gave a part of the config, and where they stand, in the order of merging."""
        return self._sources(result, len(self.parts) - 1)

    def _sources(self, pointer: Pointer, last: int) -> list[tuple[Pointer, Place]]:
        if last == 0:
            return self.parts[0].sources(pointer)
        found: list[tuple[Pointer, Place]] = []
        for source in trace(self.transcripts[last - 1], pointer):
            is_child = source.side == CHILD
            found += self.parts[last].sources(source.pointer) if is_child else self._sources(source.pointer, last - 1)
        return found

    def merge(self) -> None:
        """Merge the configs of the parts, all of one version, and what MachineConfigs say beside them."""
        config = self.parts[0].config
        for part in self.parts[1:]:
            if config is None or part.config is None:
                return
            config, transcript = merge(config, part.config)
            self.transcripts.append(transcript)
        self.config = config
        for part in reversed(self.parts[:-1]):
            self.metadata = _merge_metadata(part.metadata, self.metadata)
            self.openshift = _merge_openshift(part.openshift, self.openshift)


def _merge_metadata(parent: Metadata | None, child: Metadata | None) -> Metadata | None:
    if parent is None or child is None:
        return child
    return Metadata(name=child.name, labels=parent.labels | child.labels)


def _merge_openshift(parent: OpenShift | None, child: OpenShift | None) -> OpenShift | None:
    """By the rules of Ignition's merge: lists without what stands in them twice, the child's word for the rest."""
    if parent is None or child is None:
        return child or parent
    return OpenShift(
        kernel_arguments=list(dict.fromkeys(parent.kernel_arguments + child.kernel_arguments)),
        extensions=list(dict.fromkeys(parent.extensions + child.extensions)),
        fips=parent.fips if child.fips is None else child.fips,
        kernel_type=parent.kernel_type if child.kernel_type is None else child.kernel_type,
    )


class _Entry(NamedTuple):
    """An entry of `include`."""

    path: Node
    given: dict[str, Given]


def compose(document: Document, report: Report, files_dir: str, *, raw: bool) -> Compilation:
    """Compile a document with the fragments it includes. Fragments are read below `files_dir` and beside includers."""
    return _Composer(files_dir, raw=raw).compose(document, report, {}, (), None)


class _Composer:
    """One composition on its way: how many fragments were read, and their texts."""

    def __init__(self, files_dir: str, *, raw: bool) -> None:
        self.files_dir = files_dir
        self.raw = raw
        self.count = 0
        self.texts: dict[str, bytes] = {}

    def compose(
        self,
        document: Document,
        report: Report,
        given: Mapping[str, Given],
        chain: tuple[str, ...],
        asker: Asker | None,
    ) -> Compilation:
        """Compile one document of the composition; `chain` are the files that led to it, the last by `asker`."""
        self.texts[document.file] = document.text
        mistakes = Mistakes()
        rest, composing = _take_apart(document)
        _find_twice(document, report)
        variables = Variables(document, mistakes)
        if "variables" in composing:
            variables.declare(composing["variables"])
        variables.bind(given, document.file, asker)
        root = rest if rest is None else variables.fill(rest)
        include = composing.get("include")
        entries = [] if include is None else list(_entries(variables.fill(include), document, mistakes))
        variables.find_unused()
        here = (*chain, os.path.realpath(document.file))
        own_report = Report()
        own = compile_nodes(Document(document.file, document.text, root), own_report, self.files_dir, raw=self.raw)
        parts = []
        for entry in entries:
            say = _Saying(document, entry.path, mistakes)
            part = self._include(entry, document, own.spec, here, say)
            parts += [] if part is None else [part]
        mistakes.tell(report)
        for part in parts:
            report.extend(part.report)
        report.extend(
            entry for entry in own_report if entry.code != WRONG_TYPE.code or entry.place not in variables.open
        )
        done = Composition(own, parts)
        done.report, done.texts = report, self.texts
        if report.has_errors or own.spec is None:
            done.error = own.error or INVALID_SOURCE
            return done
        done.merge()
        if parts:
            _judge(done, own.spec, raw=self.raw)
        return done

    def _include(
        self, entry: _Entry, document: Document, spec: Spec | None, chain: tuple[str, ...], say: _Saying
    ) -> Compilation | None:
        """Compile a fragment and bring it to the version of the includer; None when it was not even read."""
        path = self._find(entry.path.value, document, say)
        if path is None:
            return None
        real = os.path.realpath(path)
        if real in chain:
            names = [os.path.relpath(one) for one in (*chain[chain.index(real) :], real)]
            say.error(m.INCLUDE_CYCLE, path=path, chain=" includes ".join(names))
            return None
        self.count += 1
        if self.count > MAX_FRAGMENTS:
            if self.count == MAX_FRAGMENTS + 1:
                say.error(m.INCLUDES_TOO_MANY, limit=MAX_FRAGMENTS)
            return None
        if len(chain) > MAX_DEPTH:
            say.error(m.INCLUDES_TOO_DEEP, limit=MAX_DEPTH)
            return None
        try:
            text = read_file(path)
        except LocalFault as fault:
            say.error(m.INCLUDE_UNREADABLE, fault=fault.message.text.format_map(fault.values))
            return None
        self.texts[path] = text
        fragment, read = yaml.read(text, path)
        if fragment is None:
            return Compilation(read)
        what = other_language(fragment)
        if what is not None:
            say.error(m.INCLUDE_FOREIGN, path=path, what=what)
            return None
        part = self.compose(fragment, read, entry.given, chain, Asker(document, entry.path))
        return part if spec is None else _raise(part, spec, path, say)

    def _find(self, path: str, document: Document, say: _Saying) -> str | None:
        """Where a fragment is: relative to its includer, and inside of its directory or of the files directory."""
        if not self.files_dir:
            say.error(m.INCLUDE_WITHOUT_DIRECTORY, path=path)
            return None
        own = os.path.dirname(document.file) if os.path.exists(document.file) else self.files_dir
        joined = os.path.normpath(os.path.join(own or ".", path))
        absolute = os.path.abspath(joined)
        bases = [os.path.abspath(base).rstrip("/") + "/" for base in (own or ".", self.files_dir)]
        if not any(absolute.startswith(base) for base in bases):
            say.error(m.INCLUDE_OUTSIDE, path=path)
            return None
        # A file has one name in the findings of many: the one that it has on the command line.
        is_below = not joined.startswith(("/", "../"))
        return f"./{joined}" if is_below and document.file.startswith("./") else joined


class _Saying:
    """Says what is wrong with an entry, at its path."""

    def __init__(self, document: Document, node: Node, mistakes: Mistakes) -> None:
        self.document = document
        self.node = node
        self.mistakes = mistakes

    def error(self, message: Message, /, **values: object) -> None:
        self.mistakes.add(message, self.document, self.node, **values)


def _take_apart(document: Document) -> tuple[Node | None, dict[str, Node]]:
    """What the language reads of a document, and what composition does."""
    root = document.root
    if root is None or root.kind != MAPPING:
        return root, {}
    composing = {key.value: value for key, value in root.value if key.kind == SCALAR and key.value in KEYS}
    pairs = [(key, value) for key, value in root.value if key.kind != SCALAR or key.value not in KEYS]
    return Node(MAPPING, pairs, root.mark, root.tag, root.style), composing


def _entries(node: Node, document: Document, mistakes: Mistakes) -> Iterator[_Entry]:
    if node.is_null:
        return
    if node.kind != SEQUENCE:
        _Saying(document, node, mistakes).error(m.BAD_INCLUDE, what="`include` is a list of fragments")
        return
    for item in node.value:
        parts = members(item)
        path, given = parts.get("path"), parts.get("with")
        given = given.value if given is not None and given.kind == ALIAS else given
        name = scalars.string(path) if path is not None and path.kind == SCALAR else None
        is_path = isinstance(name, str) and name and "\0" not in name
        if path is None or not is_path or not set(parts) <= {"path", "with"}:
            _Saying(document, item, mistakes).error(m.BAD_INCLUDE, what="this says not which `path` to include")
        elif given is not None and given.kind != MAPPING:
            _Saying(document, given, mistakes).error(m.BAD_INCLUDE, what="`with` is a mapping of variables to values")
        else:
            pairs = [] if given is None else given.value
            yield _Entry(path, {str(key.value): Given(key, value, document) for key, value in pairs})


def _find_twice(document: Document, report: Report) -> None:
    """Report keys that stand twice in what composition reads; the language looks after its own."""
    root = document.root
    pairs = root.value if root is not None and root.kind == MAPPING else ()
    own = [(key, value) for key, value in pairs if key.kind == SCALAR and key.value in KEYS]
    faults = Faults()
    waiting = [Node(MAPPING, own, root.mark)] if root is not None else []
    for node in waiting:  # grows
        if node.kind == MAPPING:
            find_twice(node, faults)
            waiting += [value for _, value in node.value]
        elif node.kind == SEQUENCE:
            waiting += node.value
    report_faults(faults, document, report)


def _raise(part: Compilation, spec: Spec, path: str, say: _Saying) -> Compilation:
    """Bring a part to the Ignition version of its includer."""
    if part.config is None or part.spec is None:
        return part
    if part.spec.minor > spec.minor:
        names = {"fragment": part.spec, "needs": part.spec.ignition_version, "has": spec.ignition_version}
        say.error(m.NEWER_FRAGMENT, path=path, document=spec, **names)
        return part
    part.config, report = convert(part.config, IGNITION[part.spec.minor], IGNITION[spec.minor])
    for entry in report:
        for pointer, place in part.sources(entry.pointer)[-1:]:
            part.report.add(entry.severity, Message(entry.code, entry.message, entry.hint), pointer, place)
    return part


def _judge(done: Composition, spec: Spec, *, raw: bool) -> None:
    """Judge the whole by the rules of the document's variant: each part may be fine where the whole is not."""
    config = done.config
    if config is None:
        return
    findings: list[Finding] = []
    if not (raw and MACHINE_CONFIG.has(spec)):
        say = Say(spec)
        if MACHINE_CONFIG.has(spec):
            find_refused(config, say)
        find_forbidden(config, say)
        findings += say.findings
    findings += judge_result(config, spec)
    for severity, message, pointer, values in findings:
        source, place = next(reversed(done.sources(pointer)), (pointer, None))
        done.report.add(severity, message, source, place, **values)
    if done.report.has_errors:
        done.config, done.error = None, INVALID_RESULT
