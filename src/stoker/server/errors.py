"""Faults of the server.

ServerError
├── AddressError            it cannot listen where it was told to
├── BackupError             an archive is no backup, or none could be made
├── CertificateError        the files of a TLS listener cannot be used
├── OccupiedError           a backup is not put in place of what is there, unless that is asked for
├── Refused                 a call of the gRPC API is refused; in grpc_handlers, since it has gRPC's codes
├── TokenFileError          the file of tokens cannot be read, or a line of it is none
├── TransportMissingError   the extra `server` is not installed
└── WatchRefusedError       a server that is asked for its events does not give them
"""

from __future__ import annotations


class ServerError(Exception):
    """The server cannot run: what, where, why and what to do are in the text."""


class AddressError(ServerError):
    """The address is no address, or it is taken."""


class BackupError(ServerError):
    """An archive is no backup, or none could be made."""


class OccupiedError(ServerError):
    """A backup is not put in place of what is there, unless that is asked for."""


class CertificateError(ServerError):
    """The certificate or its key cannot be used."""


class TokenFileError(ServerError):
    """The file of tokens cannot be read, or a line of it is none: which is in the text."""


class TransportMissingError(ServerError):
    """The extra `server` is not installed."""


class WatchRefusedError(ServerError):
    """A server that is asked for its events does not give them: why is in the text."""
