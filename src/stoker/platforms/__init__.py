"""Where a machine finds its config: a table of platforms, and how to ask each; kernel arguments and system files."""

from stoker.platforms.asking import reader
from stoker.platforms.configs import BaseConfig, base_configs
from stoker.platforms.errors import (
    Damaged,
    NeedsNetwork,
    NotThere,
    PlatformFault,
    Refused,
    UnknownPlatform,
    Unreachable,
)
from stoker.platforms.find import Found, find_config, machine_arguments
from stoker.platforms.kernel import KernelArgument, kernel_arguments
from stoker.platforms.machine import Machine, Read, Request, Say, this_machine
from stoker.platforms.removal import remove_config
from stoker.platforms.status import report_status
from stoker.platforms.table import PLATFORMS, Platform

__all__ = [
    "PLATFORMS",
    "BaseConfig",
    "Damaged",
    "Found",
    "KernelArgument",
    "Machine",
    "NeedsNetwork",
    "NotThere",
    "Platform",
    "PlatformFault",
    "Read",
    "Refused",
    "Request",
    "Say",
    "UnknownPlatform",
    "Unreachable",
    "base_configs",
    "find_config",
    "kernel_arguments",
    "machine_arguments",
    "reader",
    "remove_config",
    "report_status",
    "this_machine",
]
