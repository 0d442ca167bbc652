"""Signatures for Amazon's services: in goes a request and credentials, out come the headers that prove who asks.

Source: AWS Signature Version 4, "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API reference. The
body is empty; the path is signed as it is sent, which only S3 does so.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Final

import msgspec

from stoker.fetch.urls import Url

SERVICE: Final = "s3"
EMPTY: Final = hashlib.sha256(b"").hexdigest()


class Credentials(msgspec.Struct, frozen=True):
    """Who asks. `origin` says for people where they come from."""

    key: str
    secret: str
    token: str = ""
    origin: str = ""

    def __repr__(self) -> str:
        """Nothing of what they hold."""
        return f"Credentials({self.origin})"


def signed(
    url: Url, credentials: Credentials, region: str, date: float, headers: tuple[tuple[str, str], ...] = ()
) -> tuple[tuple[str, str], ...]:
    """The headers of a GET, those given and those that sign it; `date` is seconds since 1970."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(date))
    fields = {name.lower(): value for name, value in headers}
    fields |= {"x-amz-content-sha256": EMPTY, "x-amz-date": moment}
    if credentials.token:
        fields["x-amz-security-token"] = credentials.token
    named = sorted({**fields, "host": url.authority}.items())
    names = ";".join(name for name, _ in named)
    query = "&".join(sorted(pair if "=" in pair else f"{pair}=" for pair in url.query.split("&") if pair))
    request = "\n".join(
        ["GET", url.path or "/", query, *(f"{name}:{value.strip()}" for name, value in named), "", names, EMPTY]
    )
    scope = f"{moment[:8]}/{region}/{SERVICE}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    proof = f"AWS4-HMAC-SHA256 Credential={credentials.key}/{scope},SignedHeaders={names},Signature={signature}"
    return (*fields.items(), ("Authorization", proof))
