"""The only door to a machine: files below a root, accounts, units, external commands; for real or in a scratch tree."""

from stoker.system.errors import AccountFault, CommandFault, FileExists, FileFault, SystemFault
from stoker.system.protocol import Accounts, Group, GroupFields, Look, System, User, UserFields
from stoker.system.real import RealSystem
from stoker.system.scratch import ScratchSystem

__all__ = [
    "AccountFault",
    "Accounts",
    "CommandFault",
    "FileExists",
    "FileFault",
    "Group",
    "GroupFields",
    "Look",
    "RealSystem",
    "ScratchSystem",
    "System",
    "SystemFault",
    "User",
    "UserFields",
]
