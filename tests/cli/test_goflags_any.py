"""Whatever the words, a command line in Go's dialects is read to an end, and says why when it stops early."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.cli.applets.butane import FLAGS
from stoker.cli.goflags import parse_flags, parse_pflags

WORDS = st.lists(
    st.one_of(
        st.sampled_from(["--", "-", "", *(f"--{flag.name}" for flag in FLAGS), *(f"-{flag.short}" for flag in FLAGS)]),
        st.text(alphabet="-=cdhox é'\"\\\udcff", max_size=6),
    ),
    max_size=6,
)


def check(words: list[str]) -> None:
    for parse in (parse_pflags, parse_flags):
        parsed = parse(FLAGS, words)
        kinds = {flag.name: type(flag.default) for flag in FLAGS}
        assert {name: type(value) for name, value in parsed.values.items()} == kinds
        rest = iter(words)
        assert all(word in rest for word in parsed.positionals), "positionals are words, in their order"


@given(WORDS)
def test_any_line(words: list[str]) -> None:
    check(words)


@pytest.mark.soak
@given(WORDS)
@settings(max_examples=20_000, deadline=None)
def test_many_lines(words: list[str]) -> None:
    check(words)
