"""Who vouches for bytes: a Signer makes detached OpenPGP signatures of them."""

from stoker.trust.errors import KeyRingError, SigningError, TrustError
from stoker.trust.secrets import Secret
from stoker.trust.signers import Signer

__all__ = ["KeyRingError", "Secret", "Signer", "SigningError", "TrustError"]
