"""Whom https trusts: in go bundles of PEM certificates, out comes a TLS context that trusts them beside the system's.

Trust is as Go has it, for whom the same configs were written: a certificate of the pool is trusted itself, be it a
root or not, and names are those of the subject alternative name. Sources: RFC 7468 (PEM), RFC 9525 (names).
"""

from __future__ import annotations

import binascii
import os
import re
import ssl
from collections.abc import Iterable
from typing import Any, Final

from stoker.fetch import messages
from stoker.fetch.errors import BadSource
from stoker.fetch.redaction import redacted
from stoker.fetch.source import Say

BUNDLE_LIMIT: Final = 16 << 20  # bytes of one bundle

# Where the distributions keep their bundle, for an OpenSSL that was built to look elsewhere.
BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n([^-]*)-----END \1-----")


def trust(bundles: Iterable[tuple[str, bytes]], say: Say) -> ssl.SSLContext:
    """A context that trusts the system's certificates and those of the bundles, each with the URL it came from.

    Raises `BadSource` for a bundle that is not one.
    """
    context = ssl.create_default_context()
    # Strictness beyond RFC 5280's musts came with Python 3.13; certificates made at home often fall short of it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.hostname_checks_common_name = False
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath):
        found = next(filter(os.path.isfile, BUNDLES), None)
        if found is not None:
            context.load_verify_locations(found)
    for url, bundle in bundles:
        _add(context, url, bundle, say)
    return context


def _add(context: ssl.SSLContext, url: str, bundle: bytes, say: Say) -> None:
    for number, certificate in enumerate(_certificates(url, bundle), start=1):
        lone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            lone.load_verify_locations(cadata=certificate)
            context.load_verify_locations(cadata=certificate)
        except ssl.SSLError as error:
            reason = f"certificate {number} is not one: {error.reason or error}"
            raise BadSource(messages.BAD_BUNDLE, url=redacted(url), reason=reason) from error
        say(f'Adding "{_common_name(lone)}" to list of CAs')


def _certificates(url: str, bundle: bytes) -> list[bytes]:
    """The certificates of a bundle in DER. Text between blocks is skipped; after the last there may be none."""
    found: list[bytes] = []
    end = 0
    for block in _BLOCK.finditer(bundle):
        end = block.end()
        if block[1] != b"CERTIFICATE":
            reason = f"it holds a `{block[1].decode()}`"
            raise BadSource(messages.BAD_BUNDLE, url=redacted(url), reason=reason)
        try:
            found.append(binascii.a2b_base64(block[2]))
        except binascii.Error as error:
            raise BadSource(messages.BAD_BUNDLE, url=redacted(url), reason=str(error).lower()) from error
    if bundle[end:].strip():
        reason = "there is no certificate in it" if not found else f"something stands after certificate {len(found)}"
        raise BadSource(messages.BAD_BUNDLE, url=redacted(url), reason=reason)
    return found


def _common_name(context: ssl.SSLContext) -> str:
    """The common name of the only certificate in a context, empty when it has none."""
    certificates: list[dict[str, Any]] = context.get_ca_certs()
    subjects = [relative for certificate in certificates for relative in certificate.get("subject", ())]
    return next((value for relative in subjects for name, value in relative if name == "commonName"), "")
