"""Who the machine is to a cloud: in goes a way to ask its metadata service, out come credentials, or none.

Nothing here is a fault: a machine without a role, or that is no cloud's at all, asks the object stores anonymously.
Sources: "Use the Instance Metadata Service" of the Amazon EC2 guide (version 2 only); "About VM metadata" of Google
Compute Engine. The variables that name another endpoint are those of the clouds' own tools.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from stoker.fetch.errors import FetchFault
from stoker.fetch.signatures import Credentials
from stoker.fetch.source import Question

Ask = Callable[[Question], tuple[int, bytes]]

AMAZON: Final = "http://169.254.169.254"
GOOGLE: Final = "169.254.169.254"
SECONDS: Final = 3.0  # that a metadata service may take: it is a hop away, or not there
LIMIT: Final = 64 << 10  # bytes of its answer

_TOKEN_HEADERS: Final = (("X-aws-ec2-metadata-token-ttl-seconds", "300"),)
_SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_only"


class _Role(msgspec.Struct, rename="pascal"):
    """What Amazon's service tells of a role."""

    access_key_id: str
    secret_access_key: str
    token: str


class _Token(msgspec.Struct):
    """What Google's service tells of a token."""

    access_token: str
    token_type: str = "Bearer"


def credentials_of(environment: Mapping[str, str]) -> Credentials | None:
    """The credentials that the environment names as Amazon's tools do, if any."""
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return None
    return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN", ""), "with the keys of the environment")


class Instance:
    """The instance of Amazon's that this machine is, as its metadata service tells."""

    def __init__(self, ask: Ask, environment: Mapping[str, str]) -> None:
        self._ask = ask
        self._base = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", AMAZON).rstrip("/")

    def credentials(self) -> Credentials | None:
        """The credentials of its role, None when it has none."""
        names = (self._get("/latest/meta-data/iam/security-credentials/") or "").split()
        text = self._get(f"/latest/meta-data/iam/security-credentials/{names[0]}") if names else None
        try:
            role = msgspec.json.decode(text or "", type=_Role)
        except msgspec.DecodeError:
            return None
        return Credentials(role.access_key_id, role.secret_access_key, role.token, "with the role of the instance")

    def region(self) -> str:
        """The region it is in, empty when that is not known."""
        return (self._get("/latest/meta-data/placement/region") or "").strip()

    def _get(self, path: str) -> str | None:
        token = _answer(self._ask, Question(f"{self._base}/latest/api/token", _TOKEN_HEADERS, "PUT", patient=False))
        if token is None:
            return None
        headers = (("X-aws-ec2-metadata-token", token),)
        return _answer(self._ask, Question(self._base + path, headers, patient=False))


def google_authorization(ask: Ask, environment: Mapping[str, str]) -> str | None:
    """The `Authorization` of the machine's service account; None when it has none, or is none of Google's."""
    host = environment.get("GCE_METADATA_HOST", GOOGLE)
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token?scopes={_SCOPE}"
    text = _answer(ask, Question(url, (("Metadata-Flavor", "Google"),), patient=False, follow=False))
    try:
        token = msgspec.json.decode(text or "", type=_Token)
    except msgspec.DecodeError:
        return None
    return f"{token.token_type} {token.access_token}"


def _answer(ask: Ask, question: Question) -> str | None:
    try:
        status, body = ask(question)
    except FetchFault:
        return None
    return body.decode("utf-8", "replace") if status == 200 else None
