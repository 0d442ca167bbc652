"""Keys and bytes with revisions, of no meaning to this room: kept in files and SQLite, or in etcd."""

from stoker.store.contract import Append, Change, Condition, Delete, Lease, OnChange, Put, Store, Update, Watch, held
from stoker.store.directory import Directory
from stoker.store.errors import (
    ConflictError,
    InvalidKeyError,
    LimitError,
    StoreError,
    StoreUnavailableError,
    UnsureError,
)
from stoker.store.snapshots import Item, Snapshot

__all__ = [
    "Append",
    "Change",
    "Condition",
    "ConflictError",
    "Delete",
    "Directory",
    "InvalidKeyError",
    "Item",
    "Lease",
    "LimitError",
    "OnChange",
    "Put",
    "Snapshot",
    "Store",
    "StoreError",
    "StoreUnavailableError",
    "UnsureError",
    "Update",
    "Watch",
    "held",
]
