"""The documentation: its links lead somewhere, and the commands it shows print what it says they print."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stoker.cli.verbs import APPLETS, VERBS
from tests.docs.pages import PAGES, ROOT, Step, anchors, blocks, links, says, steps

WALKED = [
    name for name, path in PAGES.items() if any(block.language == "console" for block in blocks(path.read_text()))
]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    path = PAGES[name]
    lost = []
    for target in links(path.read_text()):
        if target.startswith(("https://", "http://")):
            continue
        file, _, anchor = target.partition("#")
        other = (path.parent / file).resolve() if file else path
        if not other.exists() or (anchor and anchor not in anchors(other.read_text())):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("name", WALKED)
def test_commands_print_what_the_page_says(name: str, tmp_path: Path) -> None:
    """Blocks named `file=...` are written, `console` blocks are run, in the order of the page, in one directory."""
    for block in blocks(PAGES[name].read_text()):
        if block.file:
            (tmp_path / block.file).write_text(block.text)
        for step in steps(block.text) if block.language == "console" else []:
            assert says(output := run(step.command, tmp_path), step.output), f"$ {step.command}\n{output}"


def run(command: str, directory: Path) -> str:
    """What a person sees: stdout and stderr in one."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env={"PATH": path, "HOME": str(directory), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def test_the_readme_begins_with_its_name_and_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    code = [line.partition(" #")[0].strip() for line in lines if line.startswith("    ")]
    assert (lines[0], code[:2]) == ("# Stoker", ["make demo", "make test"])


def test_the_readme_names_every_verb_and_applet() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in [*VERBS, *APPLETS] if f"`{name}`" not in text and f"stoker {name}" not in text] == []


SAID = {
    "alike": ("a\nb\n", "a\nb\n", True),
    "other": ("a\nc\n", "a\nb\n", False),
    "more": ("a\nb\nc\n", "a\nb\n", False),
    "any lines": ("a\nb\nc\n", "a\n...\n", True),
    "no lines": ("a\nc\n", "a\n...\nc\n", True),
    "a dot is a dot": ("axb\n", "a.b\n", False),
}


@pytest.mark.parametrize(("output", "expected", "is_said"), SAID.values(), ids=SAID)
def test_three_dots_stand_for_any_lines(output: str, expected: str, is_said: bool) -> None:
    assert says(output, expected) is is_said


def test_a_console_block_is_commands_and_what_they_print() -> None:
    console = "$ true\n$ echo a; echo b\na\nb\n$ false\n"
    assert steps(console) == [Step("true", ""), Step("echo a; echo b", "a\nb\n"), Step("false", "")]
