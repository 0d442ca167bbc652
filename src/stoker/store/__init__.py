"""Keys and bytes with revisions, of no meaning to this room: a directory of files read as one Snapshot."""

from stoker.store.directory import Directory
from stoker.store.errors import StoreError, StoreUnavailableError
from stoker.store.snapshots import Item, Snapshot

__all__ = ["Directory", "Item", "Snapshot", "StoreError", "StoreUnavailableError"]
