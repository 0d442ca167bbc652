"""The object stores s3 (with arn) and gs: in goes a URL, out comes the object, asked for by whoever this machine is.

Credentials are those of the environment, else of the machine's role; without any, objects are asked for anonymously.
Sources: Amazon S3 API reference, GetObject; Google Cloud Storage JSON API, Objects: get.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cached_property
from typing import Final
from urllib.parse import quote, unquote

from stoker.fetch import messages
from stoker.fetch.errors import BadSource, NotFound, Refused
from stoker.fetch.identities import Ask, Instance, credentials_of, google_authorization
from stoker.fetch.objects import HINTS, Object, address, is_region, object_of
from stoker.fetch.patience import Clock, Patience
from stoker.fetch.redaction import redacted
from stoker.fetch.signatures import Credentials, signed
from stoker.fetch.source import Question, Source
from stoker.fetch.urls import split_url
from stoker.fetch.web import Answer, Web

ANONYMOUS: Final = "anonymously"
TOKEN_SECONDS: Final = 240.0  # the metadata service gives no token that is good for less than 5 minutes
GOOGLE: Final = "https://storage.googleapis.com"

_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9]{1,60})</Code>")
_ELSEWHERE: Final = frozenset({301, 307, 400, 403})  # statuses with which a bucket's region may be told


class Amazon:
    """A client of S3. `ask` asks the metadata service, if `has_role` allows it."""

    def __init__(self, web: Web, ask: Ask, environment: Mapping[str, str], clock: Clock, *, has_role: bool) -> None:
        self._web = web
        self._environment = environment
        self._clock = clock
        self._has_role = has_role
        self._instance = Instance(ask, environment)
        self._endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""

    def pieces(self, source: Source, patience: Patience) -> Iterator[bytes]:
        """The bytes of an object, from the region that its bucket turns out to be in."""
        wanted = object_of(source.url)
        region = wanted.region or self._region(wanted)
        answer = self._ask(wanted, region, patience)
        told = answer.header("x-amz-bucket-region")
        if answer.status in _ELSEWHERE and told != region and is_region(told):
            answer.close()
            answer = self._ask(wanted, told, patience)
        who = self._credentials.origin if self._credentials else ANONYMOUS
        with closing(answer):
            yield from _object_of(answer, source.url, who)

    @cached_property
    def _credentials(self) -> Credentials | None:
        named = credentials_of(self._environment)
        return self._instance.credentials() if named is None and self._has_role else named

    def _region(self, wanted: Object) -> str:
        """The region to ask first."""
        named = self._environment.get("AWS_REGION") or self._environment.get("AWS_DEFAULT_REGION") or ""
        told = wanted.hint or named or (self._instance.region() if self._has_role else "")
        return told if is_region(told) else HINTS["aws"]

    def _ask(self, wanted: Object, region: str, patience: Patience) -> Answer:
        url = address(wanted, region, self._endpoint)
        headers: tuple[tuple[str, str], ...] = ()
        if self._credentials is not None:
            headers = signed(split_url(url), self._credentials, region, self._clock.date())
        return self._web.ask(Question(url, headers, follow=False), patience)


class Google:
    """A client of Google Cloud Storage. `ask` asks the metadata service."""

    def __init__(self, web: Web, ask: Ask, environment: Mapping[str, str], clock: Clock) -> None:
        self._web = web
        self._ask = ask
        self._environment = environment
        self._clock = clock
        self._asked = -TOKEN_SECONDS
        self._known: str | None = None
        endpoint = environment.get("STORAGE_EMULATOR_HOST") or GOOGLE
        self._endpoint = endpoint if "://" in endpoint else f"http://{endpoint}"

    def pieces(self, source: Source, patience: Patience) -> Iterator[bytes]:
        """The bytes of an object."""
        bucket, _, path = source.url.partition("#")[0].partition("?")[0].partition("://")[2].partition("/")
        name = unquote(path).lstrip("/")
        if not bucket or not name:
            raise BadSource(messages.BAD_URL, url=redacted(source.url), reason="write `gs://BUCKET/OBJECT`")
        place = f"{self._endpoint}/storage/v1/b/{_escaped(bucket)}/o/{_escaped(name)}?alt=media"
        authorization = self._authorization()
        headers = (("Authorization", authorization),) if authorization else ()
        who = "with the service account of the instance" if authorization else ANONYMOUS
        with closing(self._web.ask(Question(place, headers), patience)) as answer:
            yield from _object_of(answer, source.url, who)

    def _authorization(self) -> str | None:
        now = self._clock.now()
        if now - self._asked >= TOKEN_SECONDS:
            self._asked, self._known = now, google_authorization(self._ask, self._environment)
        return self._known


def _escaped(name: str) -> str:
    return quote(name, safe="", errors="replace")


def _object_of(answer: Answer, url: str, who: str) -> Iterator[bytes]:
    """The body of the answer, if that is the object. Raises `NotFound` or `Refused`."""
    if answer.status == 200:
        yield from answer.pieces()
        return
    code = _CODE.search(answer.excerpt())
    reason = f"{answer.brief}: {code[1].decode()}" if code else answer.brief
    if answer.status == 404:
        raise NotFound(messages.NOT_FOUND, status=404, url=redacted(url), reason=reason)
    raise Refused(messages.REFUSED_OBJECT, status=answer.status, url=redacted(url), reason=reason, who=who)
