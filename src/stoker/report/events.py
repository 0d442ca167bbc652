"""Events: what happened to a machine, when, in which stage, and how it ended.

The engine emits them, the server keeps them as a machine's timeline, the command line prints them.
"""

from __future__ import annotations

import msgspec

from stoker.report.places import ROOT, Pointer


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a machine's life.

    `at` is in seconds since 1970, `milliseconds` how long the step took. `digest` is the SHA-512 of the config that
    the step acts on and `pointer` the part of it.
    """

    at: float
    stage: str
    text: str
    outcome: str = "done"
    machine: str = ""
    digest: str = ""
    pointer: Pointer = ROOT
    milliseconds: float = 0.0
