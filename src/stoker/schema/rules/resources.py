"""Rules for what is fetched: resources, headers, digests, proxies, referenced configs. Source: Ignition's `types/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from stoker.report import Message, Pointer
from stoker.schema import messages as m
from stoker.schema.dataurls import fault as data_url_fault
from stoker.schema.marks import Dates, since
from stoker.schema.rules import Say, rule
from stoker.schema.specs import Spec, canonical_version
from stoker.schema.urls import Url, parse_url, query_values
from stoker.schema.v3 import (
    CertificateReference,
    ConfigReference,
    HttpHeader,
    Ignition,
    IgnitionConfig,
    Proxy,
    Resource,
    Tls,
    Verification,
)

# Length of the digest in hex digits, and when it came.
HASHES: Final = {"sha512": (128, since("3.0")), "sha256": (64, since("3.1"))}

Schemes = dict[str, Dates]


Fault = tuple[Message, dict[str, object]]


def url_fault(source: str, spec: Spec, schemes: Schemes | None = None) -> Fault | None:
    """What is wrong with the URL of a resource, and the values of the message; None when it is fine.

    `schemes` are those that a family has, and since when; by default Ignition 3's.
    """
    if source.startswith("data:"):
        return _data_fault(source)
    url = parse_url(source)
    if url is None:
        return m.INVALID_URL, {}
    dates = (SCHEMES if schemes is None else schemes).get(url.scheme)
    if dates is None or not dates.has(spec):
        return m.INVALID_SCHEME, {}
    check = _CHECKS.get(url.scheme)
    return check(url) if check is not None else None


def _data_fault(source: str) -> Fault | None:
    text = data_url_fault(source)
    if text is None:
        return None
    return (m.INVALID_URL, {}) if parse_url(source) is None else (m.INVALID_DATA_URL, {"fault": text})


def _version_id_fault(url: Url) -> Fault | None:
    values = query_values(url.query, "versionId")
    return (m.INVALID_VERSION_ID, {}) if values is not None and not values[0] else None


def _arn_fault(url: Url) -> Fault | None:
    """An ARN of an object or access point (docs.aws.amazon.com, Amazon Resource Names)."""
    text = "arn:" + url.opaque
    sections = text.split(":", 5)
    if len(sections) != 6 or sections[2] != "s3":
        return m.INVALID_ARN, {}
    parts = text.count("/") + 1
    if parts < (3 if sections[5].startswith("accesspoint/") else 2):
        return m.INVALID_ARN, {}
    return _version_id_fault(url)


def _prefix_fault(_url: Url) -> Fault | None:
    """The reference looks for the prefix `data:` in lower case only after it has read a scheme in any case."""
    return m.INVALID_DATA_URL, {"fault": "missing data prefix"}


SCHEMES: Final[Schemes] = {
    **dict.fromkeys(("http", "https", "tftp", "s3", "data"), since("3.0")),
    "gs": since("3.2"),
    "arn": since("3.4"),
}
_CHECKS: Final[dict[str, Callable[[Url], Fault | None]]] = {
    "s3": _version_id_fault,
    "arn": _arn_fault,
    "data": _prefix_fault,
}


@rule(Resource)
def compression(resource: Resource, at: Pointer, say: Say) -> None:
    """The compressions there are."""
    if resource.compression and resource.compression != "gzip":
        say.error(m.INVALID_COMPRESSION, (*at, "compression"))


@rule(Resource)
def verification_needs_source(resource: Resource, at: Pointer, say: Say) -> None:
    """What is checked must be given."""
    if resource.verification is not None and resource.verification.hash is not None and resource.source is None:
        say.error(m.VERIFICATION_WITHOUT_SOURCE, (*at, "verification", "hash"))


@rule(Resource)
def source(resource: Resource, at: Pointer, say: Say) -> None:
    """The URLs there are."""
    if resource.source:
        fault = url_fault(resource.source, say.spec)
        if fault:
            say.error(fault[0], (*at, "source"), **fault[1])


@rule(CertificateReference, until="3.1")
def certificate_source(reference: CertificateReference, at: Pointer, say: Say) -> None:
    """In 3.0 the source of a bundle was a plain string, so a missing one is an empty URL."""
    if not reference.source:
        say.error(m.INVALID_SCHEME, (*at, "source"))


@rule(Resource, "3.1")
def headers_need_http(resource: Resource, at: Pointer, say: Say) -> None:
    """Headers go with http and https."""
    if not resource.http_headers:
        return
    url = parse_url(resource.source) if resource.source else None
    if url is None:
        say.error(m.INVALID_URL, (*at, "httpHeaders"))
    elif url.scheme not in {"http", "https"}:
        say.error(m.HEADERS_SCHEME, (*at, "httpHeaders"))


@rule(HttpHeader)
def header(header: HttpHeader, at: Pointer, say: Say) -> None:
    """A header has a name; a value that is given is not empty."""
    if not header.name:
        say.error(m.HEADER_NAME, (*at, "name"))
    if header.value == "":
        say.error(m.HEADER_VALUE, (*at, "value"))


@rule(Verification)
def digest(verification: Verification, at: Pointer, say: Say) -> None:
    """A digest names its function and is as long as that makes them. Its digits are looked at when it is compared."""
    if verification.hash is not None:
        check_digest(verification.hash, HASHES, (*at, "hash"), say)


def check_digest(text: str, hashes: dict[str, tuple[int, Dates]], here: Pointer, say: Say) -> None:
    """A digest is `function-digits`; `hashes` has the length that each function gives, and when it came."""
    function, dash, digits = text.partition("-")
    length, dates = hashes.get(function, (0, since("3.0")))
    if not dash:
        say.error(m.HASH_MALFORMED, here)
    elif not length or not dates.has(say.spec):
        say.error(m.HASH_UNRECOGNIZED, here)
    elif len(digits.encode("utf-8", "replace")) != length:
        say.error(m.HASH_SIZE, here)


def _require_sources(references: Iterable[ConfigReference], at: Pointer, say: Say) -> None:
    for index, reference in enumerate(references):
        fault = url_fault(reference.source, say.spec) if reference.source else (m.SOURCE_REQUIRED, {})
        if fault:
            say.error(fault[0], (*at, index), **fault[1])


@rule(IgnitionConfig, "3.1")
def merge_sources(config: IgnitionConfig, at: Pointer, say: Say) -> None:
    """A config to merge is somewhere."""
    _require_sources(config.merge, (*at, "merge"), say)


@rule(Tls, "3.1")
def certificate_sources(tls: Tls, at: Pointer, say: Say) -> None:
    """A bundle of certificates is somewhere."""
    _require_sources(tls.certificate_authorities, (*at, "certificateAuthorities"), say)


@rule(Proxy)
def proxies(proxy: Proxy, at: Pointer, say: Say) -> None:
    """Proxies are reached by http(s); one for https should be so by https."""
    for name, text in (("httpProxy", proxy.http_proxy), ("httpsProxy", proxy.https_proxy)):
        if text is None:
            continue
        url = parse_url(text)
        if url is None:
            say.error(m.INVALID_URL, (*at, name))
        elif url.scheme not in {"http", "https"}:
            say.error(m.INVALID_PROXY, (*at, name))
        elif url.scheme == "http" and name == "httpsProxy":
            say.warn(m.INSECURE_PROXY, (*at, name))


@rule(Ignition)
def version(ignition: Ignition, at: Pointer, say: Say) -> None:
    """The version is the one whose rules are applied."""
    canonical = canonical_version(ignition.version)
    if canonical is None:
        say.error(m.INVALID_VERSION, (*at, "version"))
    elif canonical != say.spec.ignition_version:
        say.error(m.UNKNOWN_VERSION, (*at, "version"))
