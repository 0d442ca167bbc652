"""Butane's command line: which words go where, in which order, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

FINE = "variant: fcos\nversion: 1.5.0\n"
WARNED = f"{FINE}foo: 1\n"
WRONG = f"{FINE}storage:\n  files:\n    - path: x\n"

COMPACT = '{"ignition":{"version":"3.4.0"}}\n'
INDENTED = '{\n  "ignition": {\n    "version": "3.4.0"\n  }\n}\n'
OPTIONS = """\
Options:
  -c, --check                     check config without producing output
      --color string[="always"]   control color output: "auto", "always", or "never" (default "auto")
  -d, --files-dir string          allow embedding local files from this directory
  -h, --help                      show usage and exit
  -o, --output string             write to output file instead of stdout
  -p, --pretty                    output formatted json
  -r, --raw                       never wrap in a MachineConfig; force Ignition output
      --raw-errors                show raw errors, rather than pretty printing them
  -s, --strict                    fail on any warning
  -V, --version                   print the version and exit
"""
USAGE = f"Usage: butane [options] [input-file]\n{OPTIONS}"
SNIPPET = """\
warning[$.foo]:
  --> {file}:3:1
   |
 1 | variant: fcos
 2 | version: 1.5.0
 3 | foo: 1
   | ^^^^ unused key foo
 4 |\x20
   |
"""
DEPRECATED = "Flag --input has been deprecated, specify filename directly on command line\n"
NOT_ABSOLUTE = "error at $.storage.files.0.path, line 5 col 13: path not absolute\n"

# arguments, stdin -> exit code, stdout, stderr; config.bu holds the text of stdin too
ANSWERS = {
    "stdin": ([], FINE, 0, COMPACT, ""),
    "file": (["config.bu"], FINE, 0, COMPACT, ""),
    "an empty file name is stdin": ([""], FINE, 0, COMPACT, ""),
    "bundle, after the file": (["config.bu", "-ps"], FINE, 0, INDENTED, ""),
    "check": (["-c"], WARNED, 0, "", SNIPPET.format(file="<stdin>")),
    "a warning": (["config.bu"], WARNED, 0, COMPACT, SNIPPET.format(file="config.bu")),
    "a raw warning": (["--raw-errors"], WARNED, 0, COMPACT, "warning at $.foo, line 3 col 1: unused key foo\n"),
    "strict": (
        ["--strict", "--raw-errors"],
        WARNED,
        1,
        "",
        ("warning at $.foo, line 3 col 1: unused key foo\nConfig produced warnings and --strict was specified\n"),
    ),
    "an error": (
        ["--raw-errors"],
        WRONG,
        1,
        "",
        f"{NOT_ABSOLUTE}Error translating config: config generated was invalid\n",
    ),
    "help": (["--help"], "", 0, USAGE, ""),
    "help comes before version": (["-Vh"], "", 0, USAGE, ""),
    "help comes after counting": (["-h", "a", "b"], "", 2, "", USAGE),
    "version": (["-V"], "", 0, "Butane v0.29.0\n", ""),
    "two files": (["a", "b"], "", 2, "", USAGE),
    "unknown flag": (["--nope"], "", 2, "", f"{USAGE}unknown flag: --nope\n"),
    "deprecated flag": (["--input", "config.bu"], FINE, 0, COMPACT, DEPRECATED),
    "deprecated flag and a file": (["--input", "a", "b"], "", 2, "", f"{DEPRECATED}{USAGE}"),
    "no such file": (["nope"], "", 1, "", "failed to open nope: open nope: no such file or directory\n"),
    "a dash is a file": (["-"], FINE, 1, "", "failed to open -: open -: no such file or directory\n"),
    "a directory": (["."], "", 1, "", "failed to read .: read .: is a directory\n"),
    "output to nowhere": (
        ["-o", "no/out", "--raw-errors"],
        WARNED,
        1,
        "",
        (
            "warning at $.foo, line 3 col 1: unused key foo\n"
            "failed to open no/out: open no/out: no such file or directory\n"
        ),
    ),
    "output to a full disk": (
        ["-o", "/dev/full"],
        FINE,
        1,
        "",
        "Failed to write config to /dev/full: write /dev/full: no space left on device\n",
    ),
}


@pytest.mark.parametrize(("words", "text", "code", "stdout", "stderr"), ANSWERS.values(), ids=ANSWERS)
def test_answers(words: list[str], text: str, code: int, stdout: str, stderr: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.bu").write_text(text)
    done = run(*words, name="butane", text=text)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)


def test_output_replaces_a_longer_file(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("x" * 1000)
    assert run("-o", "out", name="butane", text=FINE).stdout == ""
    assert out.read_text() == COMPACT


@pytest.mark.parametrize(("words", "text"), [([], WRONG), (["-s"], WARNED), (["-c"], FINE)], ids=str)
def test_output_is_made_only_when_there_is_some(words: list[str], text: str, run: Run, tmp_path: Path) -> None:
    run(*words, "-o", "out", name="butane", text=text)
    assert not (tmp_path / "out").exists()


# stderr is a pipe here, so `auto` means no
COLORS = {
    "auto": ([], False),
    "bare": (["--color"], True),
    "always": (["--color=always"], True),
    "yes": (["--color=yes"], True),
    "the other spelling": (["--colour"], True),
    "the last one counts": (["--color=always", "--colour=never"], False),
    "never": (["--color=never"], False),
    "any other word": (["--color=red"], False),
}


@pytest.mark.parametrize(("words", "is_colored"), COLORS.values(), ids=COLORS)
def test_color(words: list[str], is_colored: bool, run: Run) -> None:
    assert ("\x1b[1;33mwarning\x1b[0m" in run(*words, name="butane", text=WARNED).stderr) is is_colored


def test_color_counts_more_than_no_color(run: Run) -> None:
    assert "\x1b[" in run("--color", name="butane", text=WARNED, NO_COLOR="1").stderr
