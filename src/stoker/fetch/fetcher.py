"""The Fetcher: in goes a Source, out come its bytes, decompressed and verified, whatever the scheme of its URL.

What a scheme needs is imported when the first URL of it is met: a config that holds its own contents pays for none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from stoker.fetch import messages
from stoker.fetch.checks import check_request, checked
from stoker.fetch.errors import BadSource
from stoker.fetch.links import LINKS
from stoker.fetch.patience import FOR_EVER, Clock, Patience, RealClock
from stoker.fetch.redaction import redacted
from stoker.fetch.source import COPY_LIMIT, READ_LIMIT, Question, Say, Settings, Source, Write
from stoker.schema import dataurls

if TYPE_CHECKING:
    import ssl

    from stoker.fetch.stores import Amazon, Google
    from stoker.fetch.tftp import Tftp
    from stoker.fetch.web import Web


LEAST: Final = 1e-6  # seconds that are as good as none: 0 would be for ever


class Embedded:
    """Gets what the config itself holds, and nothing else."""

    def read(self, source: Source, limit: int = READ_LIMIT) -> bytes:
        """See `Fetch.read`."""
        return b"".join(self._checked(source, limit))

    def copy_to(self, source: Source, write: Write, limit: int = COPY_LIMIT) -> int:
        """See `Fetch.copy_to`."""
        size = 0
        for piece in self._checked(source, limit):
            write(piece)
            size += len(piece)
        return size

    def _checked(self, source: Source, limit: int) -> Iterator[bytes]:
        """The bytes of a source, decompressed and verified. No URL means no bytes, and nothing to check."""
        check_request(source.compression, source.digest)
        if not source.url:
            return iter(())
        return checked(self._pieces(source), source.compression, source.digest, limit)

    def _pieces(self, source: Source) -> Iterator[bytes]:
        """The bytes of a source as they are sent."""
        if not source.is_embedded:
            raise BadSource(messages.NEEDS_NETWORK, url=redacted(source.url))
        try:
            # The parser of URLs puts the scheme into lower case before the data are looked at.
            yield dataurls.decode("data:" + source.url[5:])
        except dataurls.DataUrlError as error:
            raise BadSource(messages.BAD_DATA_URL, reason=error) from error


class Client(Protocol):
    """Whoever speaks the protocol of a scheme."""

    def pieces(self, source: Source, patience: Patience) -> Iterator[bytes]:
        """The bytes of a source as they are sent. Raises `FetchFault`."""


class Fetcher(Embedded):
    """Gets bytes from anywhere.

    `say` takes each line of the log. `environment` names credentials and endpoints of the object stores by the
    variables of their own tools; `instance_role` allows to ask the machine's metadata service for credentials when it
    names none. `links` is the kernel's directory of network interfaces.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        say: Say = lambda _line: None,
        clock: Clock | None = None,
        environment: Mapping[str, str] | None = None,
        instance_role: bool = False,
        links: str = LINKS,
    ) -> None:
        self._settings = settings or Settings()
        self._say = say
        self._clock: Clock = clock or RealClock()
        self._environment = os.environ if environment is None else environment
        self._instance_role = instance_role
        self._links = links
        self._end = FOR_EVER if not self._settings.altogether else 0.0  # 0 until the first source
        self._clients: dict[str, Callable[[], Client]] = {
            "http": lambda: self._web,
            "https": lambda: self._web,
            "tftp": lambda: self._tftp,
            "s3": lambda: self._amazon,
            "arn": lambda: self._amazon,
            "gs": lambda: self._google,
        }

    def _pieces(self, source: Source) -> Iterator[bytes]:
        if source.is_embedded:
            return super()._pieces(source)
        scheme = source.url.partition(":")[0].lower()
        client = self._clients.get(scheme)
        if client is None:
            known = ", ".join(f"`{name}`" for name in ["data", *self._clients])
            raise BadSource(messages.BAD_SCHEME, scheme=redacted(scheme), url=redacted(source.url), known=known)
        return client().pieces(source, self._patience(source.url))

    def ask(self, question: Question, limit: int = READ_LIMIT) -> tuple[int, bytes]:
        """Status and body of the answer to a question. Raises `GaveUp`, and `WrongBytes` beyond `limit` bytes."""
        with closing(self._web.ask(question, self._patience(question.url, once=not question.patient))) as answer:
            return answer.status, b"".join(checked(answer.pieces(), "", "", limit))

    def _patience(self, url: str, *, once: bool = False) -> Patience:
        settings, now = self._settings, self._clock.now()
        self._end = self._end or now + settings.altogether
        if self._end < FOR_EVER:
            left = max(self._end - now, LEAST)
            settings = msgspec.structs.replace(settings, total=min(settings.total or left, left))
        return Patience(url, settings, self._clock, self._say, self._links, once=once)

    def _ask_metadata(self, question: Question) -> tuple[int, bytes]:
        """Ask the cloud's metadata service: directly, once, and without waiting long."""
        from stoker.fetch.identities import LIMIT, SECONDS  # noqa: PLC0415 -- as above

        quick = Fetcher(Settings(total=SECONDS), say=self._say, clock=self._clock, links=self._links)
        return quick.ask(question, LIMIT)

    @cached_property
    def _web(self) -> Web:
        from stoker.fetch.web import Web  # noqa: PLC0415 -- 20 ms that only a network needs

        return Web(self._settings, lambda: self._trust, self._clock, self._say)

    @cached_property
    def _tftp(self) -> Tftp:
        from stoker.fetch.tftp import Tftp  # noqa: PLC0415 -- as above

        return Tftp(self._clock)

    @cached_property
    def _amazon(self) -> Amazon:
        from stoker.fetch.stores import Amazon  # noqa: PLC0415 -- as above

        ask, environment = self._ask_metadata, self._environment
        return Amazon(self._web, ask, environment, self._clock, has_role=self._instance_role)

    @cached_property
    def _google(self) -> Google:
        from stoker.fetch.stores import Google  # noqa: PLC0415 -- as above

        return Google(self._web, self._ask_metadata, self._environment, self._clock)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Whom https trusts. The bundles themselves are fetched with the system's trust alone."""
        from stoker.fetch.authorities import BUNDLE_LIMIT, trust  # noqa: PLC0415 -- as above

        if not self._settings.authorities:
            return trust((), self._say)
        from msgspec.structs import replace  # noqa: PLC0415

        plain = Fetcher(
            replace(self._settings, authorities=()),
            say=self._say,
            clock=self._clock,
            environment=self._environment,
            instance_role=self._instance_role,
            links=self._links,
        )
        bundles = [(source.url, plain.read(source, BUNDLE_LIMIT)) for source in self._settings.authorities]
        return trust(bundles, self._say)
