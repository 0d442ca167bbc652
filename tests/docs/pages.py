"""Markdown pages, as far as the tests read them: fenced blocks, headings and links come out of a page's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
PAGES = {str(path.relative_to(ROOT)): path for path in [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]}

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: the language, the file it shows (empty when none is named), the text."""

    language: str
    file: str
    text: str


class Step(NamedTuple):
    """A command of a console block and what it prints."""

    command: str
    output: str


def blocks(page: str) -> Iterator[Block]:
    for fence in _FENCE.finditer(page):
        language, _, rest = fence["info"].strip().partition(" ")
        yield Block(language, rest.removeprefix("file=") if rest.startswith("file=") else "", fence["text"])


def steps(console: str) -> list[Step]:
    """The commands after `$ `, each with the lines up to the next one."""
    first, *rest = re.split(r"^\$ ", console, flags=re.MULTILINE)
    if first.strip():
        raise ValueError(f"output before the first command: {first!r}")
    return [Step(*re.match(r"(.*)\n((?:.*\n?)*)", part).groups()) for part in rest]  # type: ignore[union-attr]


def links(page: str) -> Iterator[str]:
    """Where a page's links lead, without those inside of code."""
    return (link["target"] for link in _LINK.finditer(_FENCE.sub("", page)))


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub names them."""
    titles = (heading["title"].lower() for heading in _HEADING.finditer(_FENCE.sub("", page)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def says(output: str, expected: str) -> bool:
    """Whether `output` is what is expected, where a line `...` stands for any lines."""
    pattern = "".join(
        "(?:.*\n)*" if line == "...\n" else re.escape(line) for line in expected.splitlines(keepends=True)
    )
    return re.fullmatch(pattern, output) is not None
