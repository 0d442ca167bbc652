"""The transports and the faces of the provisioning server; every rule it follows lives in a room above."""

from stoker.server.certificates import CertificateFiles
from stoker.server.errors import AddressError, ServerError
from stoker.server.site import Site
from stoker.server.transport import Operators, serve

__all__ = ["AddressError", "CertificateFiles", "Operators", "ServerError", "Site", "serve"]
