"""The command line of ignition-validate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

FINE = '{"ignition": {"version": "3.4.0"}}'
PERCENT = '{"ignition":{"version":"3.4.0"},"50%s of":1}'
WRONG = '{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"x"}]}}'
USAGE = "Usage:\n  ignition-validate [flags] config.ign\n\n  -version\n    \tprint the version of ignition-validate\n"

# arguments, stdin -> exit code, stdout, stderr; config.ign holds the text of stdin too
ANSWERS = {
    "a file": (["config.ign"], FINE, 0, "", ""),
    "stdin": (["-"], FINE, 0, "", ""),
    "a percent sign is a directive": (
        ["-"],
        PERCENT,
        0,
        "warning at $.50%!s(MISSING) of, line 1 col 33: unused key 50%!s(MISSING) of\n",
        "",
    ),
    "an error": (["-"], WRONG, 1, "error at $.storage.files.0.path, line 1 col 61: path not absolute\n", ""),
    "nothing in it": (["-"], "", 1, "", "couldn't parse config: not a config (empty)\n"),
    "no such file": (["nope"], "", 1, "", "couldn't read config: open nope: no such file or directory\n"),
    "a directory": (["."], "", 1, "", "couldn't read config: read .: is a directory\n"),
    "version": (["--version"], "", 0, "Ignition v2.26.0\n", ""),
    "help": (["-h"], "", 0, "", USAGE),
    "no file": ([], "", 1, "", USAGE),
    "two files": (["a", "-version"], "", 1, "", USAGE),
    "unknown flag": (["--nope"], "", 2, "", f"flag provided but not defined: -nope\n{USAGE}"),
}


@pytest.mark.parametrize(("words", "text", "code", "stdout", "stderr"), ANSWERS.values(), ids=ANSWERS)
def test_answers(words: list[str], text: str, code: int, stdout: str, stderr: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.ign").write_text(text)
    done = run(*words, name="ignition-validate", text=text)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)
