"""A config as it is rendered goes in, the same as a client is given it comes out, but for its secrets; kept by content.

Which version it has, whether secrets are to be put in, and its digest are the same for all who are given these bytes.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from stoker.machines.cache import Cache
from stoker.machines.references import find_references
from stoker.machines.versions import bring_to, find_version
from stoker.report import Report
from stoker.schema.specs import Spec


class Prepared(NamedTuple):
    """A config in the version of Ignition that was wanted; no `body` where it cannot be said in that, and why not.

    `digest` is its SHA-512. `has_lines`: pointers into it lead to the parts that they lead to in what was rendered.
    `has_references`: secrets are to be put in.
    """

    body: bytes | None
    report: Report
    digest: str = ""
    version: str = ""
    has_lines: bool = False
    has_references: bool = False


class Prepare:
    """Prepares configs, the last ones only once."""

    def __init__(self) -> None:
        self.cache: Cache[Prepared] = Cache(lambda each: 2 * len(each.body or b""))  # the key is as long

    def __call__(self, text: bytes, target: Spec | None) -> Prepared:
        """A config for clients that read this version; in its own where that is None."""
        key = text, target.version if target is not None else ""
        return self.cache.get(key, lambda: prepare(text, target))


def prepare(text: bytes, target: Spec | None) -> Prepared:
    """The same, made now."""
    body, report = bring_to(text, target)
    if body is None:
        return Prepared(None, report)
    version = find_version(body)
    is_same_family = version.partition(".")[0] == find_version(text).partition(".")[0]
    digest = hashlib.sha512(body).hexdigest()
    return Prepared(body, report, digest, version, is_same_family, bool(find_references(body)))
