"""A document of either language that people write: Butane, or Container Linux Config, which says no variant.

In goes the text of a document; out comes what became of it: Ignition 3 of Butane, Ignition 2.3 of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stoker.butane import messages as m
from stoker.butane.compile import Compilation, compile_text
from stoker.document import yaml
from stoker.document.nodes import MAPPING, SCALAR, Document
from stoker.report import ROOT, Report, Severity

if TYPE_CHECKING:
    from stoker.butane import clc

SECTIONS: Final = frozenset(
    {"ignition", "storage", "systemd", "networkd", "passwd", "etcd", "flannel", "update", "docker", "locksmith"}
)

_IGNITION_VERSION: Final = ("ignition", "version")


def compile_document(
    text: bytes, *, file: str = "", files_dir: str = "", platform: str = "", raw: bool = False
) -> Compilation | clc.Compilation:
    """Compile a document; see `compile_text` and `compile_clc`.

    What is Container Linux Config is named as such in the report; `platform` counts for it alone.
    """
    done = _compile(text, file, files_dir, platform, raw=raw)
    if not done.report.has_errors:
        return done
    from stoker.butane.foreign import name_fields, name_foreign  # noqa: PLC0415 -- most texts are what they should be

    if isinstance(done, Compilation) and done.spec is None:
        done.report = name_foreign(done.report, text, done.document, file)
    name_fields(done.report, done.texts)
    return done


def _compile(text: bytes, file: str, files_dir: str, platform: str, *, raw: bool) -> Compilation | clc.Compilation:
    done = compile_text(text, file=file, files_dir=files_dir, raw=raw)
    document = done.document
    if done.error != m.NO_VARIANT.text or document is None:
        return done
    if document.has(_IGNITION_VERSION):
        done.report = Report()
        done.report.add(Severity.ERROR, m.IS_IGNITION, _IGNITION_VERSION, document.place(_IGNITION_VERSION))
        return done
    if not is_clc(document):
        return done
    from stoker.butane.clc import compile_clc  # noqa: PLC0415 -- few documents are that old

    old = compile_clc(text, file=file, files_dir=files_dir, platform=platform)
    report = Report()
    report.add(Severity.INFO, m.IS_CLC, ROOT, document.place(ROOT))
    old.report = Report([*report, *old.report])
    return old


def reads_as_clc(text: bytes) -> bool:
    """Whether a text is a document of Container Linux Config, as far as one can tell before it is compiled."""
    document, _ = yaml.read(text, "")
    return document is not None and is_clc(document)


def other_language(document: Document) -> str | None:
    """What a document is in that is no Butane, where that is known."""
    if document.has(_IGNITION_VERSION) and not document.has(("variant",)):
        return "an Ignition config"
    return "a Container Linux Config" if is_clc(document) else None


def is_clc(document: Document) -> bool:
    """Whether a document without a variant is Container Linux Config: a section of it, and no version but 0."""
    if document.root is None or document.root.kind != MAPPING or document.has(_IGNITION_VERSION):
        return False
    said = {key.value: value for key, value in document.root.value if key.kind == SCALAR}
    version = said.get("version")
    return not SECTIONS.isdisjoint(said) and "variant" not in said and (version is None or version.value == "0")
