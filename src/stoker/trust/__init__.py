"""Secrets by reference: a name goes in, a Secret comes out that shows itself to nobody who does not ask for it."""

from stoker.trust.errors import SecretError, TrustError
from stoker.trust.references import REFERENCE, Reference, Secrets
from stoker.trust.secrets import Secret

__all__ = ["REFERENCE", "Reference", "Secret", "SecretError", "Secrets", "TrustError"]
