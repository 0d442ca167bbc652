"""The transport and the faces of the provisioning server; every rule it follows lives in a room above."""

from stoker.server.errors import AddressError, ServerError
from stoker.server.site import Site
from stoker.server.transport import serve

__all__ = ["AddressError", "ServerError", "Site", "serve"]
