"""Versions and dates: which spec there is, and which row it has."""

from __future__ import annotations

import pytest

from stoker.schema.marks import bare, since, sugar
from stoker.schema.specs import BUTANE, IGNITION, SPECS, Spec, canonical_version, version_order

CANONICAL = {
    "1.5.0": "1.5.0",
    "1.8.0-experimental": "1.8.0-experimental",
    "01.05.00": "1.5.0",
    "+1.-0.0": None,
    "1.-5.0": None,
    "1.5.0+build.5": "1.5.0+build.5",
    "1.5.0-rc.1+x": "1.5.0-rc.1+x",
    "1.5": None,
    "1": None,
    "": None,
    "v1.5.0": None,
    "1.5.0.0": None,
    "1.5.x": None,
    "1.5.0-": "1.5.0",
    "1.5.0-ä": None,
    "1.5.0-a..b": None,
    " 1.5.0": None,
    "1.5.0\n": None,
    "9223372036854775807.0.0": "9223372036854775807.0.0",
    "9223372036854775808.0.0": None,
    "1" * 5000 + ".0.0": None,
}


@pytest.mark.parametrize("text, expected", CANONICAL.items(), ids=[text[:24] for text in CANONICAL])
def test_canonical_version(text: str, expected: str | None) -> None:
    assert canonical_version(text) == expected


def test_versions_of_a_variant_are_in_order() -> None:
    for variant in {spec.variant for spec in SPECS.values()}:
        orders = [version_order(spec.version) for spec in SPECS.values() if spec.variant == variant]
        assert orders == sorted(set(orders))


def test_the_ignition_version_of_a_variant_never_goes_back() -> None:
    for variant in {spec.variant for spec in BUTANE}:
        minors = [spec.minor for spec in BUTANE if spec.variant == variant]
        assert minors == sorted(minors)


def test_only_the_last_version_of_a_variant_is_an_experiment() -> None:
    for variant in {spec.variant for spec in SPECS.values()}:
        versions = [spec.version for spec in SPECS.values() if spec.variant == variant]
        assert [version.endswith("-experimental") for version in versions] == [False] * (len(versions) - 1) + [True]


def test_a_spec_says_what_it_is() -> None:
    spec = SPECS["fcos", "1.5.0"]
    assert (str(spec), spec.is_butane, spec.ignition_version) == ("fcos 1.5.0", True, "3.4.0")
    assert not IGNITION[0].is_butane


# dates -> the specs of `ASKED` that have the row
ASKED = [
    "ignition 3.0.0",
    "ignition 3.4.0",
    "fcos 1.0.0",
    "fcos 1.5.0",
    "fcos 1.6.0",
    "flatcar 1.1.0",
    "openshift 4.9.0",
]
DATED = {
    "since": (since("3.4"), {"ignition 3.4.0", "fcos 1.5.0", "fcos 1.6.0", "flatcar 1.1.0"}),
    "until": (since("3.0", "3.4"), {"ignition 3.0.0", "fcos 1.0.0", "openshift 4.9.0"}),
    "bare": (bare("3.0"), {"ignition 3.0.0", "ignition 3.4.0"}),
    "sugar": (sugar("3.4"), {"fcos 1.5.0", "fcos 1.6.0", "flatcar 1.1.0"}),
    "sugar of one variant": (sugar(fcos="1.5"), {"fcos 1.5.0", "fcos 1.6.0"}),
    "sugar with an end": (sugar(fcos="1.0<1.6"), {"fcos 1.0.0", "fcos 1.5.0"}),
    "sugar of two variants": (sugar(fcos="1.6", openshift="4.8"), {"fcos 1.6.0", "openshift 4.9.0"}),
}


@pytest.mark.parametrize("dates, expected", DATED.values(), ids=DATED)
def test_dates(dates: object, expected: set[str]) -> None:
    specs: list[Spec] = [SPECS[tuple(name.split())] for name in ASKED]  # type: ignore[index]
    assert {str(spec) for spec in specs if dates.has(spec)} == expected  # type: ignore[attr-defined]
