"""The Fetcher: which scheme goes where, what is refused before anything is asked, what is never shown."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.fetch import Embedded, FetchFault, Source, redacted


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", b""),
        ("data:,", b""),
        ("data:,hello%20world%0A", b"hello world\n"),
        ("data:,a+b,c", b"a+b,c"),
        ("data:;base64,aGVsbG8=", b"hello"),
        ("data:;base64,aGVs\nbG8=", b"hello"),
        ("data:text/plain;charset=utf-8;base64,4oKs", "€".encode()),
        ("DATA:,x", b"x"),
    ],
)
def test_what_the_config_holds(bench: Any, url: str, expected: bytes) -> None:
    assert Embedded().read(Source(url)) == expected
    assert bench.fetcher().read(Source(url)) == expected


@given(st.binary(max_size=300))
def test_every_byte_survives(content: bytes) -> None:
    assert Embedded().read(Source("data:," + "".join(f"%{byte:02x}" for byte in content))) == content


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("data:x", "bad-data-url"),
        ("data:;base64,a", "bad-data-url"),
        ("data:;base64,a!b=", "bad-data-url"),
        ("data:,100%", "bad-data-url"),
        ("ftp://h/f", "bad-scheme"),
        ("/etc/shadow", "bad-scheme"),
        ("http:///f", "bad-url"),
        ("http:f", "bad-url"),
        ("http://h:port/f", "bad-url"),
        ("http://h:65536/f", "bad-url"),
        ("http://h\n/f", "bad-url"),
        ("http://[::1/f", "bad-url"),
        ("http://a..b/f", "bad-url"),
        ("http://h/%zz", "bad-url"),
        ("http://me:secret@h\u2100/f", "bad-url"),
    ],
)
def test_urls_that_are_refused(bench: Any, url: str, code: str) -> None:
    with pytest.raises(FetchFault) as caught:
        bench.fetcher().read(Source(url))
    assert caught.value.code == code
    assert "secret" not in str(caught.value)
    assert bench.clock.slept == []


@pytest.mark.parametrize("url", ["http://example.com/f", "file:///etc/shadow", "tftp://h/f"])
def test_a_run_without_a_network(url: str) -> None:
    with pytest.raises(FetchFault, match="resource requires networking") as caught:
        Embedded().read(Source(url))
    assert caught.value.code == "needs-fetch"


def test_reading_is_bounded() -> None:
    assert Embedded().read(Source("data:,text"), limit=4) == b"text"
    with pytest.raises(FetchFault) as caught:
        Embedded().read(Source("data:,text"), limit=3)
    assert caught.value.code == "too-large"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h/f?mac=1&token=2", "http://h/f?mac=1&token=xxxxx"),
        ("https://u@h/f", "https://xxxxx@h/f"),
        ("https://u:p@h:1/a@b?c=d@e", "https://xxxxx@h:1/a@b?c=d@e"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=A&X-Amz-Signature=B&versionId=1",
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=xxxxx&X-Amz-Signature=xxxxx&versionId=1",
        ),
        ("https://c.blob.core.windows.net/f?sv=1&sig=s", "https://c.blob.core.windows.net/f?sv=1&sig=xxxxx"),
        ("http://h/f?t%6Fken=1", "http://h/f?t%6Fken=xxxxx"),
        ("http://h/f#token=1", "http://h/f"),
        ("data:,secret", "data:…"),
        ("http://h/\x1b[31m\n", "http://h/\ufffd[31m\ufffd"),
        ("http://h/" + "a" * 400, "http://h/" + "a" * 291 + "…"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str) -> None:
    assert redacted(url) == shown


@given(st.text(), st.sampled_from(["", "http://h/f?", "http://"]))
def test_a_user_is_never_shown(text: str, head: str) -> None:
    assert "hunter2" not in redacted(f"http://me:hunter2@{text}")
    assert redacted(head + text).isprintable()


def test_a_source_shows_nothing_of_itself() -> None:
    assert repr(Source("data:,secret", headers=(("Authorization", "secret"),))) == "Source(data:…)"


def test_embedded_contents_need_no_network_modules() -> None:
    program = (
        "import sys; from stoker.fetch import Fetcher, Source; Fetcher().read(Source('data:,x'));"
        "print(*{'http', 'ssl', 'socket', 'email', 'urllib.parse', 'ipaddress'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
