"""Objects of S3: in goes an s3 URL or an ARN, out comes which object is meant, and the URL it has in a region.

Sources: "Virtual hosting of general purpose buckets", "Using dual-stack endpoints" and "Referencing access points" of
the Amazon S3 guide; "Amazon Resource Names" of the IAM guide.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from stoker.fetch import messages
from stoker.fetch.errors import BadSource
from stoker.fetch.redaction import redacted
from stoker.schema.urls import query_values

# A region of each partition, which knows where the partition's buckets are.
HINTS: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
SUFFIXES: Final = {"cn-": "amazonaws.com.cn"}

_REGION: Final = re.compile(r"[a-z0-9-]{1,40}")
_BUCKET: Final = re.compile(r"[A-Za-z0-9._-]{3,255}")
_HOST_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")  # a dot would be beyond the wildcard certificate
_ACCESS_POINT: Final = re.compile(r"accesspoint/([a-z0-9-]{3,50})/object/(.+)", re.DOTALL)


class Object(NamedTuple):
    """An object: `bucket` and `key`, or with `account` the name of an access point in place of the bucket.

    `region` is empty where it has yet to be found out, asking `hint` first.
    """

    bucket: str
    key: str
    version: str
    account: str
    region: str
    hint: str


def object_of(url: str) -> Object:
    """Which object an `s3:` or `arn:` URL means. Raises `BadSource`."""
    body, _, query = url.partition("#")[0].partition("?")
    version = (query_values(query, "versionId") or [""])[0]
    if url[:4].lower() == "arn:":
        return _of_arn(url, body, version)
    bucket, _, path = body.partition("://")[2].partition("/")
    key = unquote(path).lstrip("/")
    if not _BUCKET.fullmatch(bucket) or not key:
        raise BadSource(messages.BAD_URL, url=redacted(url), reason="write `s3://BUCKET/KEY`")
    return Object(bucket, key, version, "", "", "")


def _of_arn(url: str, body: str, version: str) -> Object:
    parts = body.split(":", 5)
    if len(parts) < 6 or parts[2] != "s3":
        raise BadSource(messages.BAD_ARN, url=redacted(url), reason="it names no object of S3")
    _, partition, _, region, account, resource = parts
    point = _ACCESS_POINT.fullmatch(resource)
    if point is not None:
        if not _REGION.fullmatch(region) or not account.isdigit():
            raise BadSource(messages.BAD_ARN, url=redacted(url), reason="an access point has a region and an account")
        return Object(point[1], point[2], version, account, region, "")
    bucket, _, key = resource.partition("/")
    if bucket == "accesspoint" or not _BUCKET.fullmatch(bucket) or not key:
        raise BadSource(messages.BAD_ARN, url=redacted(url), reason="it names no bucket and key")
    return Object(bucket, key, version, "", "", HINTS.get(partition, ""))


def address(wanted: Object, region: str, endpoint: str) -> str:
    """The URL of an object in a region of Amazon's, or at another `endpoint` that speaks S3."""
    path = quote(wanted.key, safe="/-_.~", errors="replace")
    query = f"?versionId={quote(wanted.version, safe='-_.~', errors='replace')}" if wanted.version else ""
    suffix = next((suffix for start, suffix in SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
    if endpoint:
        base = f"{endpoint.rstrip('/')}/{wanted.bucket}"
    elif wanted.account:
        base = f"https://{wanted.bucket}-{wanted.account}.s3-accesspoint.dualstack.{region}.{suffix}"
    elif _HOST_BUCKET.fullmatch(wanted.bucket):
        base = f"https://{wanted.bucket}.s3.dualstack.{region}.{suffix}"
    else:
        base = f"https://s3.dualstack.{region}.{suffix}/{wanted.bucket}"
    return f"{base}/{path}{query}"


def is_region(text: str) -> bool:
    """Whether a text may stand for a region in a host name."""
    return _REGION.fullmatch(text) is not None
