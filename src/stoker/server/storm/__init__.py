"""A boot storm rehearsed: many machines that ask a server for everything a network boot asks for, at once."""

from stoker.server.storm.figures import STEPS, Figures, Step
from stoker.server.storm.site import write_site
from stoker.server.storm.storm import Storm, StormError, run_storm

__all__ = ["STEPS", "Figures", "Step", "Storm", "StormError", "run_storm", "write_site"]
