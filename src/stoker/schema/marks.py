"""Dates on rows: which spec has a field or a rule.

In goes what a table row says (`since("3.2")`, `sugar(fcos="1.3")`); out come answers to one question: does this
spec have this row? Every spec of a family stands on one Ignition version, so the minor number of that version is
the time axis of the whole family; variants that gained something on their own carry a date of their own.
"""

from __future__ import annotations

from typing import Final

from stoker.schema.specs import Spec, version_order

NEVER: Final = 1 << 30


class Dates:
    """When a row holds: from minor version `since` up to but not including `until`, for all or for named variants."""

    __slots__ = ("is_bare", "is_sugar", "since", "until", "variants")

    def __init__(
        self,
        since: int,
        until: int = NEVER,
        variants: dict[str, str] | None = None,
        *,
        is_sugar: bool = False,
        is_bare: bool = False,
    ) -> None:
        self.since = since
        self.until = until
        self.variants = variants
        self.is_sugar = is_sugar
        self.is_bare = is_bare

    def has(self, spec: Spec) -> bool:
        """Tell whether `spec` has the row."""
        if (self.is_sugar and not spec.is_butane) or (self.is_bare and spec.is_butane):
            return False
        if self.variants:
            first, _, until = self.variants.get(spec.variant, "").partition("<")
            version = version_order(spec.version)
            return bool(first) and version_order(first) <= version and (not until or version < version_order(until))
        return self.since <= spec.minor < self.until


def minor(version: str) -> int:
    """The minor number of an Ignition version: `3.4` is 4."""
    return int(version.split(".")[1])


def since(first: str, until: str | None = None) -> Dates:
    """A row of the Ignition language, and so of every Butane spec that stands on it."""
    return Dates(minor(first), NEVER if until is None else minor(until))


def bare(first: str) -> Dates:
    """A row of the Ignition language that no Butane spec has: what is generated there, or what came too late."""
    return Dates(minor(first), is_bare=True)


def sugar(first: str = "3.0", until: str | None = None, **variants: str) -> Dates:
    """A row of the Butane language alone: from the specs over Ignition `first`, or as given for each variant.

    `fcos="1.5"` is from 1.5.0 on, `fcos="1.5<1.7"` up to but not including 1.7.0.
    """
    return Dates(minor(first), NEVER if until is None else minor(until), variants, is_sugar=True)


class RequiredUntil(int):
    """Before minor version N the field is a plain value: absent reads as empty or 0, and is written as that."""


class KeptUntil(int):
    """Before minor version N an object that sets nothing was told from an absent one."""


KEPT: Final = KeptUntil(NEVER)


def kept_until(version: str) -> KeptUntil:
    """Mark an object whose presence meant something before `version`."""
    return KeptUntil(minor(version))


def required_until(version: str) -> RequiredUntil:
    """Mark a field that became optional in `version`."""
    return RequiredUntil(minor(version))
