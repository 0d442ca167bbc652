"""A document of either language that people write: Butane, or Container Linux Config, which says no variant.

In goes the text of a document; out comes what became of it: Ignition 3 of Butane, Ignition 2.3 of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stoker.butane import messages as m
from stoker.butane.compile import Compilation, compile_text
from stoker.document.nodes import MAPPING, SCALAR, Document
from stoker.report import ROOT, Report, Severity

if TYPE_CHECKING:
    from stoker.butane import clc

SECTIONS: Final = frozenset(
    {"ignition", "storage", "systemd", "networkd", "passwd", "etcd", "flannel", "update", "docker", "locksmith"}
)


def compile_document(
    text: bytes, *, file: str = "", files_dir: str = "", raw: bool = False
) -> Compilation | clc.Compilation:
    """Compile a document; see `compile_text`. What is Container Linux Config is named as such in the report."""
    done = compile_text(text, file=file, files_dir=files_dir, raw=raw)
    document = done.document
    if done.error != m.NO_VARIANT.text or document is None or not is_clc(document):
        return done
    from stoker.butane.clc import compile_clc  # noqa: PLC0415 -- few documents are that old

    old = compile_clc(text, file=file, files_dir=files_dir)
    report = Report()
    report.add(Severity.INFO, m.IS_CLC, ROOT, document.place(ROOT))
    old.report = Report([*report, *old.report])
    return old


def is_clc(document: Document) -> bool:
    """Whether a document without a variant is Container Linux Config: a section of it, and no version but 0."""
    if document.root is None or document.root.kind != MAPPING:
        return False
    said = {key.value: value for key, value in document.root.value if key.kind == SCALAR}
    version = said.get("version")
    return not SECTIONS.isdisjoint(said) and "variant" not in said and (version is None or version.value == "0")
