"""A first boot, stage by stage, as processes of their own: in goes the name of a stage, out comes how it ended."""

from stoker.engine.first_boot.boot import Boot, Places
from stoker.engine.first_boot.log import Log
from stoker.engine.first_boot.run import STAGES, Ending, run_stage
from stoker.engine.first_boot.surroundings import Surroundings, surroundings_of

__all__ = ["STAGES", "Boot", "Ending", "Log", "Places", "Surroundings", "run_stage", "surroundings_of"]
