"""The kernel command line: words and quotes, which word of a name counts, the platform, the first boot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.platforms import KernelArgument, kernel_arguments
from stoker.platforms.kernel import CONFIG_URLS, last_value

WORDS = [
    ("", []),
    (" \t\n", []),
    ("quiet ro=\n", [("quiet", None), ("ro", "")]),
    ("a=b=c  d", [("a", "b=c"), ("d", None)]),
    ('url="http://h/a b" x', [("url", "http://h/a b"), ("x", None)]),
    ('"url=http://h/a b" x', [("url", "http://h/a b"), ("x", None)]),
    ('a="" b=""c', [("a", ""), ("b", '"c')]),
    ('a=x"y z"w', [("a", 'x"y z"w')]),
    ('a="open to the end', [("a", "open to the end")]),
    ("-- init=x", [("--", None), ("init", "x")]),
]


@pytest.mark.parametrize(("text", "expected"), WORDS, ids=[repr(text) for text, _ in WORDS])
def test_words_are_split_as_the_kernel_does(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert kernel_arguments(text) == [KernelArgument(*word) for word in expected]


names = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="._-"), min_size=1)
values = st.none() | st.text(
    st.characters(codec="utf-8", exclude_characters='"', categories=["L", "N", "P", "S", "Zs"])
)


@given(st.lists(st.tuples(names, values)))
def test_words_that_are_written_are_read(words: list[tuple[str, str | None]]) -> None:
    text = " ".join(name if value is None else f'{name}="{value}"' for name, value in words)
    assert kernel_arguments(text) == [KernelArgument(*word) for word in words]


URLS = [
    ("ignition.config.url=http://a", "http://a"),
    ("ignition.config.url=http://a ignition.config.url=http://b", "http://b"),
    ("ignition.config.url=http://a ignition.config.url=", "http://a"),
    ("coreos.config.url=http://a", "http://a"),
    ("ignition.config.url=http://a flatcar.config.url=http://b", "http://b"),
    ("flatcar.config.url=http://a ignition.config.url=http://b", "http://b"),
    ("ignition.config.url", ""),
    ("ignition.config.urls=http://a", ""),
]


@pytest.mark.parametrize(("text", "expected"), URLS, ids=[text for text, _ in URLS])
def test_the_last_url_with_a_value_counts(text: str, expected: str) -> None:
    assert last_value(kernel_arguments(text), *CONFIG_URLS) == expected
