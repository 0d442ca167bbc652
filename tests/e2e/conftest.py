"""What the QEMU tier shares: the guest, made once and kept between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import guests


@pytest.fixture(scope="session")
def guest() -> Path:
    reason = guests.why_not()
    if reason:
        pytest.skip(reason)
    return guests.guest()
