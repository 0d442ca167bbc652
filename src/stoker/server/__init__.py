"""The transports and the faces of the provisioning server; every rule it follows lives in a room above."""

from stoker.server.certificates import CertificateFiles
from stoker.server.errors import AddressError, CertificateError, ServerError
from stoker.server.site import Site
from stoker.server.transport import Operators, Tls, serve

__all__ = [
    "AddressError",
    "CertificateError",
    "CertificateFiles",
    "Operators",
    "ServerError",
    "Site",
    "Tls",
    "serve",
]
