"""The program in an initramfs: arguments come in, a stage is run here or by the resident process, its code goes out.

A start of Python with the engine is paid for once a boot, by the resident process; a stage only starts what is needed
to ask it. Where nobody answers, the stage does its work itself.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

SOCKET: Final = "/run/stoker/resident"
RESIDENT: Final = ["stoker", "resident"]  # the command line by which the program stays
PRELOADED: Final = (
    "stoker.cli.applets.ignition",
    "stoker.cli.stage_logs",
    "stoker.engine.first_boot",
    "stoker.system.real_devices",
)


def start() -> None:
    """Run what the command line asks for and end with its code. `sys.argv` begins with `-c`."""
    words = sys.argv[1:]
    sys.exit(_stay() if words == RESIDENT else _ask_or_run(words))


def _ask_or_run(words: list[str]) -> int:
    from stoker.cli.resident_client import ask  # noqa: PLC0415 -- who stays does not ask

    answer = ask(SOCKET, words)
    if answer is not None:
        return answer
    return _run(words)


def _run(words: Sequence[str]) -> int:
    from stoker.cli.exits import Exit  # noqa: PLC0415 -- most of a start, and what the resident process is there for
    from stoker.cli.main import main  # noqa: PLC0415
    from stoker.cli.streams import talk  # noqa: PLC0415

    try:
        return main(words)
    except ModuleNotFoundError as error:
        talk(f"stoker: `{error.name}` is not in this initramfs, which has what a first boot needs\n")
        return Exit.UNAVAILABLE


def _stay() -> int:
    import importlib  # noqa: PLC0415 -- as above

    from stoker.system.resident import serve  # noqa: PLC0415

    for name in PRELOADED:
        importlib.import_module(name)
    serve(SOCKET, _run)
    return 0
