"""Golden cases: directories of plain files that a person can read.

`cases/<name>/` holds `config.clc`, what it may embed in `files/`, and options of the command in `args`; what is
expected stands in `config.ign` and in `report.txt`, a finding a line. Where ct places a finding elsewhere, its own
report is in `report.ct.txt`.

`python -m tests.butane.clc.golden` writes the expectations anew, for a person to look over.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from stoker.butane.clc import Compilation, compile_clc, lower, read
from stoker.cli.applets.ct import as_blocks
from stoker.ignition.encode import encode
from stoker.report.render import as_lines

CASES = Path(__file__).parent / "cases"


class Case(NamedTuple):
    """One directory."""

    path: Path

    @property
    def text(self) -> bytes:
        return (self.path / "config.clc").read_bytes()

    @property
    def options(self) -> dict[str, str]:
        """What `args` says: the platform; and where local files are."""
        args = self.path / "args"
        words = args.read_text().split() if args.exists() else []
        files = self.path / "files"
        return {"platform": words[1] if words else "", "files_dir": str(files) if files.exists() else ""}

    def expected(self, name: str) -> str:
        path = self.path / name
        return path.read_text() if path.exists() else ""

    def compiled(self) -> Compilation:
        return compile_clc(self.text, file="config.clc", **self.options)

    def answers(self) -> dict[str, str]:
        """What came of it: the files that should be there, by name."""
        done = self.compiled()
        config = "" if done.config is None else encode(done.config, pretty=True).decode() + "\n"
        report = as_lines(done.report)
        return {"config.ign": config, "report.txt": self.shown(report), "report.ct.txt": self.shown(self.by_ct())}

    def by_ct(self) -> str:
        """Both reports as the drop-in command has them."""
        source = read(self.text)
        reports = [source.report, lower(source, as_reference=True, **self.options).report]
        return "".join(as_blocks(report) + "\n" for report in reports if len(report))

    def shown(self, text: str) -> str:
        return text.replace(f"{self.path}/", "")


ALL = {path.name: Case(path) for path in sorted(CASES.iterdir())}


def main() -> None:
    for case in ALL.values():
        for name, text in case.answers().items():
            path = case.path / name
            path.unlink(missing_ok=True)
            if text:
                path.write_text(text)


if __name__ == "__main__":
    main()
