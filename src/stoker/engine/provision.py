"""Provision a scratch tree: the engine in one call, from a config to a tree that anyone may make and look at."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from stoker.engine.distributions import Distribution, lay_base
from stoker.engine.execution import Say, carry_out
from stoker.engine.outcome import Outcome
from stoker.engine.plan import plan
from stoker.fetch import Fetch
from stoker.schema.v3 import Config
from stoker.system import ScratchSystem


def provision(
    config: Config, root: Path, *, distribution: Distribution, say: Say, fetch: Fetch | None = None
) -> Outcome:
    """Provision the tree below `root` as a first boot would; it needs no privileges and changes no owner.

    `config` is validated and merged. A tree without accounts gets the distribution's base first. Without `fetch`
    only contents that the config itself holds are written. Owners are kept in `ROOT.rights.json`.
    """
    with closing(ScratchSystem(root)) as system:
        if system.look("/etc/passwd") is None:
            lay_base(system, distribution)
        planned = plan(config, system, distribution, online=fetch is not None)
        return carry_out(planned, system, say, fetch)
