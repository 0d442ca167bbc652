"""Faults of the server.

ServerError
├── AddressError            it cannot listen where it was told to
├── CertificateError        the certificate or its key cannot be used
└── TransportMissingError   the extra `server` is not installed
"""

from __future__ import annotations


class ServerError(Exception):
    """The server cannot run: what, where, why and what to do are in the text."""


class AddressError(ServerError):
    """The address is no address, or it is taken."""


class CertificateError(ServerError):
    """The certificate or its key cannot be used."""


class TransportMissingError(ServerError):
    """The extra `server` is not installed."""
