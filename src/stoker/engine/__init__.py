"""The engine: a config and a machine to a Plan, a Plan to an Outcome, and an account of it that people can read."""

from stoker.engine.contents import settings_of, source_of
from stoker.engine.distributions import DISTRIBUTIONS, Distribution, lay_base
from stoker.engine.execution import Say, carry_out
from stoker.engine.machine import provision_machine
from stoker.engine.outcome import Outcome
from stoker.engine.plan import Plan, plan
from stoker.engine.provision import provision
from stoker.engine.summary import Summary, finding_of, summarise, summary_text

__all__ = [
    "DISTRIBUTIONS",
    "Distribution",
    "Outcome",
    "Plan",
    "Say",
    "Summary",
    "carry_out",
    "finding_of",
    "lay_base",
    "plan",
    "provision",
    "provision_machine",
    "settings_of",
    "source_of",
    "summarise",
    "summary_text",
]
