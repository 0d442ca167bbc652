"""Faults of the server.

ServerError
├── AddressError            it cannot listen where it was told to
├── CertificateError        the files of a TLS listener cannot be used
├── Refused                 a call of the gRPC API is refused; in grpc_handlers, since it has gRPC's codes
└── TransportMissingError   the extra `server` is not installed
"""

from __future__ import annotations


class ServerError(Exception):
    """The server cannot run: what, where, why and what to do are in the text."""


class AddressError(ServerError):
    """The address is no address, or it is taken."""


class CertificateError(ServerError):
    """A certificate, its key or the authority of clients cannot be read, or they do not fit together."""


class TransportMissingError(ServerError):
    """The extra `server` is not installed."""
