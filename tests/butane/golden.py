"""Golden cases: directories of plain files that a person can read.

`cases/<topic>/<name>/` holds `config.bu`, what it may embed in `files/`, and options of the command in `args`; what is
expected stands in `config.ign` (or `config.yaml` for a MachineConfig) and in `report.txt`, a finding a line and, for a
config that is refused, the last line of the command. Where the drop-in command places a finding elsewhere, as its
original does, `report.applet.txt` has its report.

A case runs for the spec it is written in and for every later version of the variant. Its first line may say otherwise:
`# since: fcos 1.3.0 until 1.7.0, openshift 4.8.0`.
"""

from __future__ import annotations

import functools
import gzip
import re
from pathlib import Path
from typing import NamedTuple

from stoker.butane import Compilation, compile_text, translate
from stoker.report import Report
from stoker.report.render import as_lines
from stoker.schema.dataurls import decode
from stoker.schema.marks import sugar
from stoker.schema.specs import BUTANE, SPECS, Spec

CASES = Path(__file__).parent / "cases"
FILE = "config.bu"

_SINCE = re.compile(r"# since: (.*)\n")
_SAYS = re.compile(r"^(variant|version): *(\S+)$", re.MULTILINE)
_GZIP = re.compile(r'"compression": "gzip",\n(\s*)"source": "(data:[^"]*)"')


class Case(NamedTuple):
    """One directory. `specs`: what it runs for; it is written in the first. None when it names no known spec."""

    path: Path
    specs: tuple[Spec, ...]

    @property
    def name(self) -> str:
        return str(self.path.relative_to(CASES))

    def text(self, spec: Spec | None) -> bytes:
        """The document as a person would write it for `spec`."""
        text = (self.path / FILE).read_bytes()
        if spec is None or spec == self.specs[0]:
            return text
        says = {"variant": spec.variant, "version": spec.version}
        return _SAYS.sub(lambda found: f"{found[1]}: {says[found[1]]}", text.decode()).encode()

    @property
    def files_dir(self) -> str:
        files = self.path / "files"
        return str(files) if files.exists() else ""

    @property
    def is_raw(self) -> bool:
        args = self.path / "args"
        return args.exists() and "--raw" in args.read_text().split()


class Outcome(NamedTuple):
    """What a person sees: the name of the file with the output and its text, if any, and the reports."""

    output_name: str
    output: str
    report: str
    applet_report: str


@functools.cache
def cases() -> list[Case]:
    """Every case there is, by name."""
    return [Case(path.parent, _specs(path.read_text())) for path in sorted(CASES.glob(f"*/*/{FILE}"))]


def runs() -> list[tuple[Case, Spec | None]]:
    """Every case with every spec it runs for."""
    return [(case, spec) for case in cases() for spec in case.specs or (None,)]


def run_id(value: object) -> str:
    return value.name if isinstance(value, Case) else str(value or "as written").replace(" ", "-")


def _specs(text: str) -> tuple[Spec, ...]:
    says = dict(_SAYS.findall(text))
    written = SPECS.get((says.get("variant", ""), says.get("version", "")))
    if written is None or not written.is_butane:
        return ()
    since = _SINCE.match(text)
    ranges = since[1].split(", ") if since else [str(written)]
    specs = [spec for line in ranges for spec in _range(line)]
    if written not in specs:
        raise ValueError(f"{written} is not among {ranges}")
    return (written, *(spec for spec in specs if spec != written))


def _range(line: str) -> list[Spec]:
    variant, first, *until = line.replace(" until ", " ").split()
    dates = sugar("3.0", None, **{variant: "<".join([first, *until])})
    found = [spec for spec in BUTANE if dates.has(spec)]
    if not found or found[0].version.removesuffix("-experimental") != first.removesuffix("-experimental"):
        raise ValueError(f"there is no {variant} {first}")
    return found


@functools.cache
def compiled(case: Case, spec: Spec | None) -> Compilation:
    """The case compiled for one spec, places found the right way."""
    return compile_text(case.text(spec), file=FILE, files_dir=case.files_dir, raw=case.is_raw)


def outcome(case: Case, spec: Spec | None) -> Outcome:
    """What the case gives for `spec`."""
    done = compiled(case, spec)
    applet = translate(
        case.text(spec), file=FILE, files_dir=case.files_dir, raw=case.is_raw, pretty=True, as_reference=True
    )
    output = "" if applet.output is None else applet.output.decode() + "\n"
    name = "config.ign" if output.startswith("{") else "config.yaml"
    return Outcome(
        name,
        _GZIP.sub(_unpacked, output),
        _report(case, done.report, done.error),
        _report(case, applet.report, applet.error),
    )


def _unpacked(found: re.Match[str]) -> str:
    """Contents that are compressed, as text: the bytes depend on the library that makes them."""
    packed = decode(found[2])
    if not packed.startswith(b"\x1f\x8b"):
        return found[0]
    content = gzip.decompress(packed).decode()
    return f'"compression": "gzip",\n{found[1]}"source": "unpacked: {content.encode("unicode_escape").decode()}"'


def _report(case: Case, report: Report, error: str | None) -> str:
    last = "" if error is None else f"Error translating config: {error}\n"
    text = as_lines(report) + last
    return text.replace(case.files_dir, "files") if case.files_dir else text


def expected(case: Case, spec: Spec | None) -> Outcome:
    """What the files of the case say, with the version numbers of `spec`."""
    outputs = [name for name in ("config.ign", "config.yaml") if (case.path / name).exists()]
    name = outputs[0] if outputs else "config.yaml"
    output = _read(case.path / name)
    if spec is not None and output:
        for form in ('"version": "{}"', "      version: {}\n"):
            first, now = (form.format(one.ignition_version) for one in (case.specs[0], spec))
            output = output.replace(first, now)
    report = _read(case.path / "report.txt")
    applet = case.path / "report.applet.txt"
    return Outcome(name, output, report, applet.read_text() if applet.exists() else report)


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def accept(case: Case) -> None:
    """Take what the case gives now for what it shall give."""
    now = outcome(case, case.specs[0] if case.specs else None)
    applet = "" if now.applet_report == now.report else now.applet_report
    files = {"report.txt": now.report, "report.applet.txt": applet, "config.ign": "", "config.yaml": ""}
    files[now.output_name] = now.output
    for name, text in files.items():
        if text:
            (case.path / name).write_text(text)
        else:
            (case.path / name).unlink(missing_ok=True)
