"""Who vouches for bytes, and who may see them: detached OpenPGP signatures, and secrets by reference."""

from stoker.trust.errors import KeyRingError, SecretError, SigningError, TrustError
from stoker.trust.references import REFERENCE, Reference, Secrets
from stoker.trust.secrets import Secret
from stoker.trust.signers import Signer

__all__ = [
    "REFERENCE",
    "KeyRingError",
    "Reference",
    "Secret",
    "SecretError",
    "Secrets",
    "Signer",
    "SigningError",
    "TrustError",
]
