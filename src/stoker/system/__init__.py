"""The only door to a machine: files below a root, accounts, units, external commands; for real or in a scratch tree."""

from stoker.system.account_draft import AccountDraft
from stoker.system.devices import BlockDevices, Device, Signature
from stoker.system.errors import (
    AccountFault,
    CommandFault,
    DeviceFault,
    FileExists,
    FileFault,
    SystemFault,
    TableFault,
)
from stoker.system.gpt import Partition, Table
from stoker.system.protocol import Accounts, Group, GroupFields, Look, System, User, UserFields
from stoker.system.real import RealSystem
from stoker.system.scratch import ScratchSystem

__all__ = [
    "AccountDraft",
    "AccountFault",
    "Accounts",
    "BlockDevices",
    "CommandFault",
    "Device",
    "DeviceFault",
    "FileExists",
    "FileFault",
    "Group",
    "GroupFields",
    "Look",
    "Partition",
    "RealSystem",
    "ScratchSystem",
    "Signature",
    "System",
    "SystemFault",
    "Table",
    "TableFault",
    "User",
    "UserFields",
]
