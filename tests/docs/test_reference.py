"""That the reference pages are those that the table gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.schema.reference import PAGES, page_of
from stoker.schema.specs import EVERY

WRITTEN = Path(__file__).parent.parent.parent / "docs" / "reference"


def test_every_variant_has_a_page() -> None:
    assert {(page.variant, page.family) for page in PAGES.values()} == {
        (spec.variant, spec.family) for spec in EVERY.values()
    }
    assert {path.stem for path in WRITTEN.glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("variant", PAGES)
def test_a_page_is_current(variant: str) -> None:
    """`make docs` writes them anew."""
    assert (WRITTEN / f"{variant}.md").read_text() == page_of(variant)


# page, line -> whether it is there
LINES = [
    ("fcos", "| `luks` | list of [`storage.luks[]`](#storageluks) | 1.2.0 | Devices to encrypt. |", True),
    ("flatcar", "| `clevis` | [`storage.luks[].clevis`](#storageluksclevis) | 1.2.0-experimental |", True),
    ("r4e", "| `disks` |", False),
    ("openshift", "| `gecos` |", False),
    ("ignition", "| `homeDir` | text | 3.0.0 | Home directory. |", True),
    ("ignition", "| `inline` |", False),
    ("ignition-2", "| `overwrite` | yes or no | 2.2.0 |", True),
    ("ignition-2", "| `device` | text, required | 2.0.0 |", True),
    ("clc", "| `mount` | [`storage.filesystems[].mount`](#storagefilesystemsmount) | 0 |", True),
    ("clc", "| `auto_tls` | yes or no | etcd 3.0 |", True),
    ("clc", "| `kube_subnet_mgr` | yes or no | flannel 0.7 |", True),
]


@pytest.mark.parametrize(("variant", "line", "is_there"), LINES, ids=str)
def test_lines(variant: str, line: str, is_there: bool) -> None:
    assert any(one.startswith(line) for one in page_of(variant).splitlines()) is is_there
