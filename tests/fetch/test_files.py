"""Files of the directories that a scheme may read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from stoker.fetch import FetchFault, Source


@pytest.fixture
def oem(tmp_path: Path) -> Path:
    directory = tmp_path / "oem"
    (directory / "sub").mkdir(parents=True)
    (directory / "config.ign").write_bytes(b"text")
    (directory / "sub/a b").write_bytes(b"other")
    (directory / "link").symlink_to("sub/a b")
    (directory / "out").symlink_to("../secret")
    os.mkfifo(directory / "pipe")
    (tmp_path / "secret").write_bytes(b"secret")
    return directory


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("oem:///config.ign", b"text"),
        ("OEM:///config.ign", b"text"),
        ("oem:///sub/a%20b", b"other"),
        ("oem:///sub/../config.ign", b"text"),
        ("oem:///link", b"other"),
    ],
)
def test_files_are_read(bench: Any, oem: Path, url: str, expected: bytes) -> None:
    source = Source(url, digest="sha256-" + hashlib.sha256(expected).hexdigest())
    assert bench.fetcher(directories={"oem": str(oem)}).read(source) == expected


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("oem:///none", "not-found"),
        ("oem:///sub", "fetch-refused"),
        ("oem:///pipe", "fetch-refused"),
        ("oem:///../secret", "bad-url"),
        ("oem:///out", "bad-url"),
        ("oem:config.ign", "bad-url"),
        ("oem:///a%00b", "fetch-refused"),
        ("file:///etc/passwd", "bad-scheme"),
    ],
)
def test_what_is_not_read(bench: Any, oem: Path, url: str, code: str) -> None:
    with pytest.raises(FetchFault) as caught:
        bench.fetcher(directories={"oem": str(oem)}).read(Source(url))
    assert caught.value.code == code
