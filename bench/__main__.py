"""`python -m bench [NAME...]`: run the named benches, or all of them, and print each one's table.

A bench is a module with `run() -> Iterator[Figure]`; a new one is a row here.
"""

from __future__ import annotations

import importlib
import sys

from bench.figures import table

BENCHES = {
    "files": "bench.files",
    "language": "bench.language",
    "many": "bench.many",
    "serve": "bench.serve",
    "startup": "bench.startup",
    "store": "bench.store",
}


def main(names: list[str]) -> int:
    """Run `names`; 64 for a name that is none."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"bench: there is no {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 64
    for name in names or BENCHES:
        figures = list(importlib.import_module(BENCHES[name]).run())
        print(table(figures, f"make bench BENCH={name}"))
    return 0


sys.exit(main(sys.argv[1:]))
