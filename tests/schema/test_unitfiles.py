"""Unit files: whether they have an option in [Install], and what is wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.schema.unitfiles import LINE_MAX, UnitFileError, _Lexer, _read, go_quote, has_install_option

READ = {
    "nothing": ("", False),
    "no section": ("A=b\n", False),
    "an empty section": ("[Install]\n", False),
    "an option": ("[Install]\nWantedBy=a\n", True),
    "without a line end": ("[Install]\nWantedBy=a", True),
    "in another section": ("[Unit]\nWantedBy=a\n", False),
    "before and after": ("[Install]\nA=b\n[Unit]\nC=d\n", True),
    "twice": ("[Install]\n[Unit]\nA=b\n[Install]\nC=d\n", True),
    "a comment": ("[Install]\n# A=b\n; C=d\n", False),
    "a comment that goes on": ("[Install]\n# comment \\\nA=b\n", False),
    "a comment that goes on after a blank": ("[Install]\n# comment\\ \nA=b\n", False),
    "an option that goes on": ("[Unit]\nA=b \\\n[Install]\nC=d\n", False),
    "an option that does not go on": ("[Unit]\nA=b \\ \n[Install]\nC=d\n", True),
    "an option that is empty": ("[Install]\nA=\n", True),
    "blanks before": ("  [Install]\n  A=b\n", True),
    "blanks after a section": ("[Install] \t\nA=b\n", True),
    "words before the first section": ("anything at all\n[Install]\nA=b\n", True),
    "a bracket in a comment before": ("# [Install]\n[Unit]\nA=b\n", False),
    "two equal signs": ("[Install]\nA==b\n", True),
    "case matters": ("[install]\nA=b\n", False),
    "a section of two lines": ("[Inst\nall]\nA=b\n", False),
    "line ends of Windows": ("[Install]\r\nA=b\r\n", True),
    "letters": ("[Ünit]\nÄ=ö\n", False),
}


@pytest.mark.parametrize("text, expected", READ.values(), ids=READ)
def test_has_install_option(text: str, expected: bool) -> None:
    assert has_install_option(text) is expected


LONG = "x" * LINE_MAX

FAULTS = {
    "an open section": ("[Install", "unable to find end of section"),
    "garbage": ("[Install] garbage\n", 'found garbage after section name : "garbage"'),
    "odd garbage": ('[Install] "\t\\é\0\n', r'found garbage after section name : "\"\t\\é\x00"'),
    "a line end in a name": ("[Install]\nWantedBy\nA=b\n", "unexpected newline encountered while parsing option name"),
    "a carriage return in a name": ("[Install]\nA\r=b\n", "unexpected newline encountered while parsing option name"),
    "an end in a name": ("[Install]\nWantedBy", "EOF"),
    "a long line": (f"[Install]\nA={LONG}\n", f"line too long (max {LINE_MAX} bytes)"),
    "a long section": (f"[{LONG}]\n", f"line too long (max {LINE_MAX} bytes)"),
    "a long comment": (f"# {LONG}\n", f"line too long (max {LINE_MAX} bytes)"),
}


@pytest.mark.parametrize("text, words", FAULTS.values(), ids=FAULTS)
def test_faults(text: str, words: str) -> None:
    with pytest.raises(UnitFileError) as fault:
        has_install_option(text)
    assert str(fault.value) == words


def test_a_long_line_is_overlooked_where_the_buffer_ends_in_it() -> None:
    """The reference fills 4096 bytes when a step begins; only what is then there is looked at."""
    text = "[Install]\n" + "# comment\n" * 250 + f"A={'x' * LINE_MAX}\n"
    assert has_install_option(text)


def answer(read: object, text: str) -> object:
    try:
        return read(text)  # type: ignore[operator]
    except UnitFileError as fault:
        return str(fault)


PIECES = st.lists(
    st.sampled_from(
        [
            "[Install]",
            "[Unit]",
            "[",
            "]",
            "A=b",
            "A",
            "=",
            "#",
            ";",
            "\\",
            " ",
            "\t",
            "\n",
            "\r",
            "\r\n",
            "é",
            " \\\n",
            "\0",
        ]
    ),
    max_size=25,
).map("".join)


@settings(max_examples=2000, deadline=None, derandomize=True)
@given(text=PIECES)
def test_both_readings_agree_where_no_line_is_long(text: str) -> None:
    assert answer(_read, text) == answer(lambda text: _Lexer(text).has_install_option(), text)


QUOTED = {
    "plain": ("abc", '"abc"'),
    "quotes": ('"\\', r'"\"\\"'),
    "short escapes": ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
    "controls": ("\0\x1f\x7f", r'"\x00\x1f\x7f"'),
    "letters": ("é😀", '"é😀"'),
    "what cannot be seen": ("\xa0\u200b\U000e0001", r'"\u00a0\u200b\U000e0001"'),
}


@pytest.mark.parametrize("text, expected", QUOTED.values(), ids=QUOTED)
def test_go_quote(text: str, expected: str) -> None:
    assert go_quote(text) == expected
