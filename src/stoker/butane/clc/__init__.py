"""Container Linux Config: what people wrote before Butane, lowered to Ignition 2.3 that knows where it came from."""

from stoker.butane.clc.carry import find_bound
from stoker.butane.clc.compile import Compilation, Source, compile_clc, lower, read

__all__ = ["Compilation", "Source", "compile_clc", "find_bound", "lower", "read"]
