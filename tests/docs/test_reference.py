"""That the reference pages are those that the table gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.schema.reference import VARIANTS, page_of
from stoker.schema.specs import SPECS

PAGES = Path(__file__).parent.parent.parent / "docs" / "reference"


def test_every_variant_has_a_page() -> None:
    assert set(VARIANTS) == {variant for variant, _ in SPECS}
    assert {path.stem for path in PAGES.glob("*.md")} == set(VARIANTS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_page_is_current(variant: str) -> None:
    """`make docs` writes them anew."""
    assert (PAGES / f"{variant}.md").read_text() == page_of(variant)


# page, line -> whether it is there
LINES = [
    ("fcos", "| `luks` | list of [`storage.luks[]`](#storageluks) | 1.2.0 | Devices to encrypt. |", True),
    ("flatcar", "| `clevis` | [`storage.luks[].clevis`](#storageluksclevis) | 1.2.0-experimental |", True),
    ("r4e", "| `disks` |", False),
    ("openshift", "| `gecos` |", False),
    ("ignition", "| `homeDir` | text | 3.0.0 | Home directory. |", True),
    ("ignition", "| `inline` |", False),
]


@pytest.mark.parametrize(("variant", "line", "is_there"), LINES, ids=str)
def test_lines(variant: str, line: str, is_there: bool) -> None:
    assert any(one.startswith(line) for one in page_of(variant).splitlines()) is is_there
