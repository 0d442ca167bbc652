"""The kernel command line: words and quotes, which word of a name counts, the platform, the first boot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.platforms import FirstBoot, KernelArgument, first_boot, kernel_arguments, platform_id
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


PLATFORM_IDS = [
    ("ignition.platform.id=metal", "metal"),
    ("ignition.platform.id=metal ignition.platform.id=qemu", "qemu"),
    ("ignition.platform.id=", None),
    ("flatcar.oem.id=hetzner", "hetzner"),
    ("coreos.oem.id=ec2", "aws"),
    ("flatcar.oem.id=gce", "gcp"),
    ("flatcar.oem.id=pxe", "metal"),
    ("coreos.oem.id=ec2 flatcar.oem.id=azure", "azure"),
    ("flatcar.oem.id=azure ignition.platform.id=file", "file"),
    ("ignition.platform.id=ec2", "ec2"),
    ("quiet", None),
]


@pytest.mark.parametrize(("text", "expected"), PLATFORM_IDS, ids=[text for text, _ in PLATFORM_IDS])
def test_the_platform(text: str, expected: str | None) -> None:
    assert platform_id(kernel_arguments(text)) == expected


NOT_FIRST = FirstBoot(False)
IGNITION = FirstBoot(True, ("ignition.firstboot",), ("ignition.firstboot",))
ON_FLATCAR = ("flatcar/first_boot", "coreos/first_boot")
FIRST_BOOTS = [
    ("quiet", NOT_FIRST),
    ("ignition.firstboot", IGNITION),
    ("ignition.firstboot=1", IGNITION),
    ("ignition.firstboot=0", NOT_FIRST),
    ("ignition.firstboot=", NOT_FIRST),
    ("ignition.firstboot=no", NOT_FIRST),
    ("ignition.firstboot=off", NOT_FIRST),
    ("ignition.firstboot=false", IGNITION),
    ("ignition.firstboot ignition.firstboot=0", NOT_FIRST),
    ("ignition.firstboot=0 ignition.firstboot", IGNITION),
    ("flatcar.first_boot=1", FirstBoot(True, ("flatcar.first_boot",))),
    ("flatcar.first_boot=detected", FirstBoot(True, ("flatcar.first_boot",), ON_FLATCAR)),
    ("coreos.first_boot=detected", FirstBoot(True, ("coreos.first_boot",), ON_FLATCAR)),
    ("coreos.first_boot=1", FirstBoot(True, ("coreos.first_boot",))),
    ("flatcar.first_boot=0 coreos.first_boot=1", FirstBoot(True, ("coreos.first_boot",))),
    ("flatcar.first_boot=1 coreos.first_boot=0", FirstBoot(True, ("flatcar.first_boot",))),
    ("flatcar.first_boot=detected flatcar.first_boot=0", NOT_FIRST),
    (
        "coreos.first_boot=1 flatcar.first_boot=detected",
        FirstBoot(True, ("flatcar.first_boot", "coreos.first_boot"), ON_FLATCAR),
    ),
    (
        "flatcar.first_boot=detected ignition.firstboot=1",
        FirstBoot(True, ("ignition.firstboot", "flatcar.first_boot"), ("ignition.firstboot", *ON_FLATCAR)),
    ),
]


@pytest.mark.parametrize(("text", "expected"), FIRST_BOOTS, ids=[text for text, _ in FIRST_BOOTS])
def test_the_first_boot(text: str, expected: FirstBoot) -> None:
    assert first_boot(kernel_arguments(text)) == expected
