"""The command line of fcct 0.2.0."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

HEAD = "variant: fcos\nversion: 1.0.0\n"
FINE = f"{HEAD}storage:\n  files: [{{path: /a, contents: {{inline: a b}}}}]\n  links: [{{path: /l, target: /a}}]\n"
UNUSED = f"{HEAD}foo: 1\n"
WRONG = f"{HEAD}storage:\n  files:\n    - path: a\n"
EMPTY = (
    '{"ignition":{"config":{"replace":{"source":null,"verification":{}}},"security":{"tls":{}},"timeouts":{},'
    '"version":"3.0.0"},"passwd":{},"storage":{},"systemd":{}}'
)
FILLED = EMPTY.replace(
    '"storage":{}',
    '"storage":{"files":[{"group":{},"path":"/a","user":{},"contents":{"source":"data:,a%20b","verification":{}}}],'
    '"links":[{"group":{},"path":"/l","user":{},"target":"/a"}]}',
)
PRETTY = """\
{
  "ignition": {
    "config": {
      "replace": {
        "source": null,
        "verification": {}
      }
    },
    "security": {
      "tls": {}
    },
    "timeouts": {},
    "version": "3.0.0"
  },
  "passwd": {},
  "storage": {},
  "systemd": {}
}"""
FLAGS = """\
  -input string
    \tread from input file instead of stdin
  -output string
    \twrite to output file instead of stdout
  -pretty
    \toutput formatted json
  -strict
    \tfail on any warning
  -version
    \tprint the version and exit
"""
USAGE = f"Usage of fcct:\n{FLAGS}"
FAILED = "Error translating config:"

# arguments, stdin -> exit code, stdout, stderr; config.bu holds the text of stdin too
ANSWERS = {
    "nothing but a version": ([], HEAD, 0, f"\n{EMPTY}", ""),
    "pretty": (["-pretty"], HEAD, 0, f"\n{PRETTY}", ""),
    "two dashes do as well": (["--pretty=true"], HEAD, 0, f"\n{PRETTY}", ""),
    "empty objects of files and links": ([], FINE, 0, f"\n{FILLED}", ""),
    "by name": (["-input", "config.bu"], FINE, 0, f"\n{FILLED}", ""),
    "a warning goes to stdout": ([], UNUSED, 0, f"warning at $.foo, line 3 col 1: unused key foo\n\n{EMPTY}", ""),
    "strict": (["-strict"], UNUSED, 1, "", f"{FAILED} yaml: line 3: unused key foo\n"),
    "an error": (
        [],
        WRONG,
        1,
        "error at $.storage.files.0.path, line 5 col 13: path not absolute\n\n",
        f"{FAILED} config generated was invalid\n",
    ),
    "no variant": ([], "version: 1.0.0", 1, "", f"{FAILED} Error parsing variant. Variant must be specified\n"),
    "no version": ([], "variant: fcos", 1, "", f"{FAILED} Error parsing version. Version must be a valid semver\n"),
    "a later version": (
        [],
        "variant: fcos\nversion: 1.1.0",
        1,
        "",
        f"{FAILED} No translator exists for variant fcos with version 1.1.0\n",
    ),
    "another variant": (
        [],
        "variant: flatcar\nversion: 1.0.0",
        1,
        "",
        f"{FAILED} No translator exists for variant flatcar with version 1.0.0\n",
    ),
    "no such file": (["-input", "nope"], "", 1, "", "failed to open nope: open nope: no such file or directory\n"),
    "no place to write": (
        ["-output", "no/where"],
        HEAD,
        1,
        "\n",
        "failed to open no/where: open no/where: no such file or directory\n",
    ),
    "version": (["-version"], "", 0, "Fedora CoreOS Config Transpiler v0.2.0\n", ""),
    "help": (["-help"], "", 2, "", USAGE),
    "unknown flag": (["-nope"], "", 2, "", f"flag provided but not defined: -nope\n{USAGE}"),
}


@pytest.mark.parametrize(("words", "text", "code", "stdout", "stderr"), ANSWERS.values(), ids=ANSWERS)
def test_answers(words: list[str], text: str, code: int, stdout: str, stderr: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.bu").write_text(text)
    done = run(*words, name="fcct", text=text)
    assert (done.returncode, done.stdout, done.stderr) == (code, stdout, stderr)


def test_the_config_alone_goes_to_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.ign").write_text("x" * 5000)
    done = run("-output", "out.ign", name="fcct", text=UNUSED)
    assert done.stdout == "warning at $.foo, line 3 col 1: unused key foo\n\n"
    assert (tmp_path / "out.ign").read_text() == EMPTY


@pytest.mark.parametrize("text", ["variant: [fcos", "variant: fcos\nversion: [1]", f"{HEAD}storage: 1\n", "\x00"])
def test_what_the_decoder_refuses_names_the_line(text: str, run: Run) -> None:
    done = run(name="fcct", text=text)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(FAILED)
    assert "yaml: line " in done.stderr
