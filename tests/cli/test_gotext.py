"""Texts as Go writes them."""

from __future__ import annotations

import errno

import pytest

from stoker.cli.gotext import printf_without_arguments, quote, system_error

QUOTED = {
    "plain": ("abc", '"abc"'),
    "quote and backslash": ('a"b\\', r'"a\"b\\"'),
    "the other quote stays": ("'", '"\'"'),
    "controls": ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
    "no short form": ("\0\x1b\x7f", r'"\x00\x1b\x7f"'),
    "letters stay": ("é☃😀", '"é☃😀"'),
    "unprintable": ("\u00a0\u200b\u2028\ufeff\U000e0001", r'"\u00a0\u200b\u2028\ufeff\U000e0001"'),
    "no UTF-8": ("a\udcffb", r'"a\xffb"'),
}


@pytest.mark.parametrize(("text", "expected"), QUOTED.values(), ids=QUOTED)
def test_quote(text: str, expected: str) -> None:
    assert quote(text) == expected


PRINTED = {
    "nothing to do": ("path not absolute", "path not absolute"),
    "a verb": ("50%s of", "50%!s(MISSING) of"),
    "flags": ("%+v %v", "%!v(MISSING) %!v(MISSING)"),
    "a blank is a flag": ("100% of", "100%!o(MISSING)f"),
    "an escape": ("a%%b", "a%b"),
    "no verb": ("100%", "100%!(NOVERB)"),
    "no verb after a width": ("100%5", "100%!(NOVERB)"),
    "an odd verb": ("a%!b", "a%!!(MISSING)b"),
    "width and precision": ("%-08.3f|", "%!f(MISSING)|"),
    "width from an argument": ("%*d", "%!(BADWIDTH)%!d(MISSING)"),
    "precision from an argument": ("%.*d", "%!(BADPREC)%!d(MISSING)"),
    "an index": ("%[1]d", "%!d(BADINDEX)"),
    "a line end is a verb": ("a%\nb", "a%!\n(MISSING)b"),
    "any letter is a verb": ("%é", "%!é(MISSING)"),
}


@pytest.mark.parametrize(("text", "expected"), PRINTED.values(), ids=PRINTED)
def test_printf_without_arguments(text: str, expected: str) -> None:
    assert printf_without_arguments(text) == expected


FAULTS = {
    errno.ENOENT: "no such file or directory",
    errno.EISDIR: "is a directory",
    errno.EACCES: "permission denied",
    errno.EIO: "input/output error",
    errno.ELOOP: "too many levels of symbolic links",
}


@pytest.mark.parametrize(("number", "expected"), FAULTS.items(), ids=FAULTS.values())
def test_system_error(number: int, expected: str) -> None:
    assert system_error(OSError(number, "whatever")) == expected
