"""Changes of persons to what is no machine, and what the store was asked: jobs go in, revisions or faults come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from stoker.server.notes import AUDIT, MAX_AUDIT
from stoker.store import Append, Change, Condition, ConflictError, Item, LimitError, Put, StoreError

Commit = Callable[[Sequence[Change], Sequence[Condition]], Mapping[str, str]]


@dataclass(slots=True)
class Counts:
    """What the store was asked, for the metrics."""

    commits: int = 0
    conflicts: int = 0
    failures: int = 0
    stored_notes: int = 0
    dropped_notes: int = 0
    unspooled_notes: int = 0
    updates: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A change of a person to what is not a machine; `done` gets the new revisions."""

    changes: tuple[Change, ...]
    conditions: tuple[Condition, ...]
    audit: bytes
    done: Future[Mapping[str, str]]


def commit_audited(commit: Commit, job: Job) -> Mapping[str, str]:
    """Commit a change and its line of the audit: together, unless the change is as large as a commit may be."""
    noted = [Append(AUDIT, (job.audit,), MAX_AUDIT)] if job.audit else []
    try:
        return commit([*job.changes, *noted], job.conditions)
    except LimitError:
        revisions = commit(job.changes, job.conditions)
        commit(noted, ())
        return revisions


def made_already(
    changes: Sequence[Change], found: Mapping[str, Item | None], conflict: ConflictError
) -> Mapping[str, str]:
    """The revisions of what shall be put and is there already; raises the conflict if it is not.

    Who was not answered by a replica that died asks another, and may be too quick for what that one knows.
    """
    revisions: dict[str, str] = {}
    for each in changes:
        item = None if isinstance(each, Append) else found[each.key]
        if isinstance(each, Put) and item is not None and item.data == each.data:
            revisions[each.key] = item.revision
        elif not isinstance(each, Append):
            raise conflict
    return revisions


def fault_of(error: Exception) -> StoreError:
    """The same, as what who waits for the store expects."""
    return error if isinstance(error, StoreError) else StoreError(f"{type(error).__name__}: {error}")
