"""What the rooms below ask of a signer: bytes go in, a detached signature of them comes out."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """Signs text, so that a line may end either way (RFC 9580, section 5.2.1.2)."""

    def sign(self, data: bytes, *, is_armored: bool) -> bytes:
        """A detached signature of `data`, binary or armoured. Raises SigningError."""
