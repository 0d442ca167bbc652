"""Server-sent events (WHATWG HTML, section 9.2): what happens goes in once, and comes out to everyone who watches.

It is encoded once: there is one ring of messages, and a watcher is a position in it, so that a slow one costs nothing
more. Who falls out at its end, or resumes at what is no longer in it, is told so by a message `missed` and begins anew:
what they did not see is to be had by `GET /api/v1/machines`. All of it belongs to one loop.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final

MAX_MESSAGES: Final = 20_000
MAX_BYTES: Final = 16 << 20
MAX_CHUNK: Final = 256
MAX_WATCHERS: Final = 1000
MAX_LOOKING: Final = 1000  # counted apart: they need no token, and keep nobody out who has one
HEARTBEAT_SECONDS: Final = 15.0
PULSE: Final = b"data: changed\n\n"
PULSE_SECONDS: Final = 0.25  # between two of them, at least
HEARTBEAT: Final = b":\n\n"
IDENTIFIER: Final = re.compile(r"([0-9a-f]{8})-([0-9]{1,15})")


def message(identifier: str, kind: str, data: bytes) -> bytes:
    """One event of a stream; `data` has no line break."""
    return f"id: {identifier}\nevent: {kind}\ndata: ".encode() + data + b"\n\n"


@dataclass(slots=True)
class Counts:
    """What became of watchers, for the metrics; those who are `looking` follow the pulse alone."""

    watching: int = 0
    looking: int = 0
    sent: int = 0
    missed: int = 0


@dataclass(slots=True)
class Stream:
    """The ring; `start` is the number of its first message. A stream of another process has another `epoch`."""

    max_messages: int = MAX_MESSAGES
    max_bytes: int = MAX_BYTES
    heartbeat: float = HEARTBEAT_SECONDS
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    ring: deque[bytes] = field(default_factory=deque)
    start: int = 1
    size: int = 0
    counts: Counts = field(default_factory=Counts)
    touched: int = 0
    is_closed: bool = False
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The number that the next message gets."""
        return self.start + len(self.ring)

    def publish(self, kind: str, data: bytes) -> None:
        """Add a message, and wake those who wait for one."""
        encoded = message(f"{self.epoch}-{self.end}", kind, data)
        self.ring.append(encoded)
        self.size += len(encoded)
        while len(self.ring) > self.max_messages or (self.size > self.max_bytes and len(self.ring) > 1):
            self.size -= len(self.ring.popleft())
            self.start += 1
        self._wake()

    def close(self) -> None:
        """End the stream of every watcher."""
        self.is_closed = True
        self._wake()

    def position(self, last_id: str) -> int | None:
        """Where a watcher goes on that has seen `last_id`; None if what came after that is not all here."""
        found = IDENTIFIER.fullmatch(last_id)
        if found is None or found[1] != self.epoch:
            return None
        after = int(found[2]) + 1
        return after if self.start <= after <= self.end else None

    async def follow(self, last_id: str = "") -> AsyncGenerator[bytes, None]:
        """The pieces of one watcher's stream: what follows `last_id`, or what comes from now on."""
        self.counts.watching += 1
        try:
            position = self.position(last_id) if last_id else self.end
            if position is None:
                position = self.end
                yield self._missed("what came after the last event you saw is no longer here")
            else:
                yield HEARTBEAT
            while not self.is_closed:
                if position < self.start:
                    yield self._missed(f"you read too slowly: {self.start - position} events went by")
                    return
                if position == self.end:
                    if not await self._news():
                        yield HEARTBEAT
                    continue
                taken = [self.ring[each] for each in self._next(position)]
                position += len(taken)
                self.counts.sent += len(taken)
                yield b"".join(taken)
        finally:
            self.counts.watching -= 1

    def touch(self) -> None:
        """Tell those who follow the pulse that something changed of which there is no message."""
        self.touched += 1
        self._wake()

    async def pulse(self) -> AsyncGenerator[bytes, None]:
        """The pieces of a stream that says no more than that something happened, and not how often."""
        self.counts.looking += 1
        try:
            seen = self.end, self.touched
            yield HEARTBEAT
            while not self.is_closed:
                if seen != (self.end, self.touched):
                    seen = self.end, self.touched
                    yield PULSE
                    await asyncio.sleep(PULSE_SECONDS)
                elif not await self._news():
                    yield HEARTBEAT
        finally:
            self.counts.looking -= 1

    def _next(self, position: int) -> range:
        first = position - self.start
        return range(first, min(first + MAX_CHUNK, len(self.ring)))

    def _missed(self, reason: str) -> bytes:
        self.counts.missed += 1
        return message(f"{self.epoch}-{self.end - 1}", "missed", f'{{"reason":"{reason}"}}'.encode())

    async def _news(self) -> bool:
        """Wait for a message; False if it is time for a sign of life."""
        news = asyncio.get_running_loop().create_future()
        self.waiting.append(news)
        try:
            async with asyncio.timeout(self.heartbeat):
                await news
        except TimeoutError:
            self.waiting.remove(news)
            return False
        return True

    def _wake(self) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)
