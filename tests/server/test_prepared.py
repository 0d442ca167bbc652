"""What is the same for all who are given a config: made once for each version, and told by its content."""

from __future__ import annotations

import hashlib

import pytest

from stoker.ignition.versions import find_target
from stoker.server.prepared import Prepare, prepare

PLAIN = b'{"ignition":{"version":"3.4.0"}}'
SECRET = b'{"ignition":{"version":"3.4.0"},"systemd":{"units":[{"contents":"secret://env/A","name":"a.service"}]}}'
OLD = b'{"ignition":{"version":"2.3.0"}}'

# the config, the version that is wanted -> its version, whether it has secrets, whether pointers lead to lines
ROWS = {
    "as it is": (PLAIN, "", "3.4.0", False, True),
    "a newer one": (PLAIN, "3.5.0", "3.5.0", False, True),
    "an older one, with secrets": (SECRET, "3.2.0", "3.2.0", True, True),
    "of another family": (OLD, "3.4.0", "3.4.0", False, False),
    "what is no config": (b"{", "3.4.0", "", False, True),
}


@pytest.mark.parametrize("text, wanted, version, has_references, has_lines", ROWS.values(), ids=ROWS)
def test_what_is_told_of_a_config(
    text: bytes, wanted: str, version: str, has_references: bool, has_lines: bool
) -> None:
    done = prepare(text, find_target(wanted) if wanted else None)
    assert done.body is not None
    assert (done.version, done.has_references, done.has_lines) == (version, has_references, has_lines)
    assert done.digest == hashlib.sha512(done.body).hexdigest()


def test_what_cannot_be_said_has_no_body() -> None:
    luks = b'{"ignition":{"version":"3.4.0"},"storage":{"luks":[{"device":"/dev/a","discard":true,"name":"a"}]}}'
    done = prepare(luks, find_target("3.3.0"))
    assert (done.body, done.report.has_errors) == (None, True)


def test_each_is_made_once_for_each_version() -> None:
    made = Prepare()
    for _ in range(3):
        for version in ("3.4.0", "3.5.0"):
            made(PLAIN, find_target(version))
    assert (made.cache.misses, made.cache.hits, len(made.cache)) == (2, 4, 2)
