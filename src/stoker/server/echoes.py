"""What a store tells of files that this process wrote itself: an update goes in, what is so by now comes out.

A watch tells late, and the whole that it reads may be older than a write since. What was written here and not told of
yet is therefore looked up when something else is told of it, so that nothing acknowledged is undone by an echo.
"""

from __future__ import annotations

from collections.abc import Mapping

from stoker.store import Item, Store, StoreError, Update


class Echoes:
    """Revisions of the files that this process wrote and was not told of yet, "" for those that it took away."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.awaited: dict[str, str] = {}

    def wrote(self, items: Mapping[str, Item | None]) -> None:
        """These were written here, and are so now."""
        self.awaited |= {key: item.revision if item is not None else "" for key, item in items.items()}

    def corrected(self, update: Update) -> Update:
        """The update, in which what is told of awaited files is as it is in the store now."""
        told = set(self.awaited) if update.is_whole else self.awaited.keys() & {*update.items, *update.gone}
        revisions = {key: each.revision if (each := update.items.get(key)) else "" for key in told}
        stale = [key for key, revision in revisions.items() if revision != self.awaited[key]]
        for key in told.difference(stale):
            del self.awaited[key]
        if not stale:
            return update
        try:
            found: dict[str, Item | None] = {key: self.store.get(key) for key in stale}
        except StoreError:
            return update  # the watch tells all of it in the end
        self.wrote(found)
        items = {key: item for key, item in {**update.items, **found}.items() if item is not None}
        gone = (*(key for key in update.gone if key not in items), *(key for key in found if key not in items))
        return Update(items, gone, update.is_whole, update.report)
