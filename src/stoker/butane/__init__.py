"""The Butane language: every variant's sugar, lowered to an Ignition config that knows where it came from."""

from stoker.butane.compile import Compilation, compile_text
from stoker.butane.documents import compile_document
from stoker.butane.translate import Translation, translate

__all__ = ["Compilation", "Translation", "compile_document", "compile_text", "translate"]
