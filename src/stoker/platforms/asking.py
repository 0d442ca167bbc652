"""How platforms reach the network: in goes a Fetcher, out comes the `Read` that they ask their services by."""

from __future__ import annotations

from typing import Final

from stoker.fetch import Fetcher, FetchFault, NotFound, Question, Source, WrongBytes, redacted
from stoker.platforms.errors import Damaged, NeedsNetwork, Unreachable
from stoker.platforms.machine import Read, Request
from stoker.platforms.messages import FETCH_DAMAGED, NEEDS_NETWORK, UNREACHABLE

_WEB: Final = frozenset({"http", "https"})
_FINE: Final = 200
_NOT_FOUND: Final = 404


def reader(fetcher: Fetcher, *, offline: bool = False) -> Read:
    """A `Read` that asks by a Fetcher; one that is `offline` reads only what a URL itself holds."""

    def read(request: Request) -> tuple[int, bytes]:
        source = Source(request.url, tuple(request.headers.items()))
        if offline and not source.is_embedded:
            raise NeedsNetwork(NEEDS_NETWORK, where=redacted(request.url))
        try:
            if request.url.partition(":")[0].lower() in _WEB:
                return fetcher.ask(_question(request), request.limit)
            return _FINE, fetcher.read(source, request.limit)
        except NotFound:
            return _NOT_FOUND, b""
        except WrongBytes as fault:
            raise Damaged(FETCH_DAMAGED, reason=fault) from fault
        except FetchFault as fault:
            raise Unreachable(UNREACHABLE, where=redacted(request.url), reason=fault) from fault

    return read


def _question(request: Request) -> Question:
    return Question(
        request.url,
        tuple(request.headers.items()),
        request.method,
        frozenset(request.retried),
        patient=request.patient,
        low_port=request.low_port,
        body=request.body,
    )
