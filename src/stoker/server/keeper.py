"""The shell between handlers and the store: notes, orders and changes go in, what is known is at hand at any time.

Nobody who reads waits for the store. What was seen or told is folded into memory at once and
stored in batches; what a person orders or changes is waited for, and is done when the store says so. One thread writes,
so that the order of each machine is kept; a watch brings what others write. When the store is away reads go on, orders
and changes fail with StoreUnavailableError, and the spool keeps the rest until it is back. What a machine was promised
is in the spool at once; all that can be lost is that it was seen, within LINGER seconds before this process is killed.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Final

import msgspec

from stoker.machines import EMPTY, FOLDERS, Catalogue, Identity, Machine, Told, read_catalogue
from stoker.machines.holds import Hold
from stoker.report import Event, Report
from stoker.server.echoes import Echoes
from stoker.server.holding import HOLDS, Holding, failings_of
from stoker.server.holding import Batch as HoldBatch
from stoker.server.jobs import Counts, Job, commit_audited, fault_of, made_already
from stoker.server.notes import AUDIT, EVENTS, MACHINES, MAX_AUDIT, Batch, Note, Pending, decode_stored
from stoker.server.roster import Roster
from stoker.store import (
    Append,
    Change,
    Condition,
    ConflictError,
    Delete,
    Item,
    Snapshot,
    Store,
    StoreError,
    StoreUnavailableError,
    Update,
)
from stoker.store.snapshots import take_snapshot
from stoker.store.spool import Spool

LINGER: Final = 0.05  # seconds in which notes gather to be stored together
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
MOST_LEFT: Final = 200_000  # notes that are taken in again from the spool
MOST_LEFT_BYTES: Final = 64 << 20
MOST_PROMISED: Final = 0.75  # of the spool: what was promised shall not make room for what was only seen
MAX_GARBAGE: Final = 90  # keys a commit
WATCHED: Final = (*FOLDERS, MACHINES, EVENTS, AUDIT, HOLDS)


class Keeper:
    """One store, and what is in it; `on_news` is called from another thread with events that others have stored."""

    def __init__(
        self,
        store: Store,
        spool: Spool | None,
        on_news: Callable[[Sequence[Event]], None],
        on_catalogue: Callable[[Report], None] = lambda _report: None,
        name: str = "",
    ) -> None:
        """`name` is that of the spool, the same in each process that uses it."""
        self.store = store
        self.spool = spool
        self.on_news = on_news
        self.on_catalogue = on_catalogue
        self.roster = Roster(secrets.token_hex(8), name)
        self.holding = Holding()
        self.catalogue: Catalogue = EMPTY
        self.snapshot = Snapshot()
        self.report = Report()
        self.audit: deque[bytes] = deque(maxlen=MAX_AUDIT)
        self.counts = Counts()
        self.trouble = ""  # why what waits is not stored; none once it is
        self.lost = ""  # what could never be stored, and why: the last of it
        self.spool_trouble = ""  # of the note that came last
        self.has_read = False
        self.is_away = False
        self._items: dict[str, Item] = {}
        self._echoes = Echoes(store)
        self._telling = threading.Lock()
        self._jobs: deque[Job] = deque()
        self._lock = threading.RLock()
        self._reading = threading.Lock()
        self._unreadable = Report()
        self._work = threading.Condition(self._lock)
        self._is_urgent = False
        self._is_closing = False
        self._read = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stoker-writer", daemon=True)
        self._watch = store.watch(WATCHED, self._on_change)
        self._thread.start()

    # What handlers and the shell call.

    def wait_until_read(self, seconds: float) -> bool:
        """Wait until everything was read once; tell whether it was."""
        return self._read.wait(seconds)

    def note(self, note: Note, *, is_promised: bool = False) -> tuple[Event, ...]:
        """Take in what was seen or told; the events that tell of it. What is promised is in the spool on return."""
        with self._lock:
            if is_promised and self.spool is not None and self.spool.fullness > MOST_PROMISED:
                self.counts.unspooled_notes += 1
                self.spool_trouble = "too much waits for the store already; tell it again when that is back"
                return ()
            is_idle = not self.roster.dirty
            events = self._note(note, self._spool(note) if is_promised or self.is_away else 0)
            if is_idle:  # else the writer is awake, and gathers
                self._work.notify()
            return events

    def _note(self, note: Note, position: int) -> tuple[Event, ...]:
        """Take in a note, and what it says against templates: what it tells of them is told of the machine, too."""
        events = self.roster.note(note, position)
        failing = list(failings_of(note, self.roster.register.find(note.identity)))
        alarms = tuple(Told(event) for each in failing for event in self.holding.note(each))
        if not alarms:
            return events
        told = Note(note.identity, alarms, note.at)
        return (*events, *self.roster.note(told, self._spool(told) if self.is_away else 0))

    def order(self, note: Note, audit: bytes) -> tuple[Future[None] | None, str, tuple[Event, ...]]:
        """Take in an order of a person: what to wait for, or why it is refused; and the events that tell of it.

        What is waited for ends with StoreUnavailableError if the store cannot have it now, and then nothing was done.
        """
        with self._lock:
            done, refusal, events = self.roster.order(note, audit)
            self._is_urgent = True
            self._work.notify_all()
            return done, refusal, events

    def change(
        self, changes: Sequence[Change], conditions: Sequence[Condition], audit: bytes
    ) -> Future[Mapping[str, str]]:
        """Change what is not a machine: new revisions by key, or any StoreError; others see it when it is done."""
        job = Job(tuple(changes), tuple(conditions), audit, Future())
        with self._lock:
            self._jobs.append(job)
            self._work.notify_all()
        return job.done

    def close(self, seconds: float) -> bool:
        """Store what waits, for so long at most; tell whether nothing is left. The spool keeps the rest."""
        with self._lock:
            self._is_closing = self._is_urgent = True
            self._work.notify_all()
        if self._thread.is_alive():
            self._thread.join(seconds)
            self._watch.close()
            self._sync_spool()
        return not self.waiting()

    def _spool_waiting(self) -> None:
        """Append what the store cannot have now to the spool; a full disk is no reason to leave a machine alone."""
        for pending in self.roster.unspooled() if self.spool is not None else ():
            self.roster.spooled(pending, self._spool(pending.note))

    def _spool(self, note: Note) -> int:
        """Append to the spool: the position, 0 where it is not in it."""
        if self.spool is None:
            return 0
        try:
            position = self.spool.append(msgspec.json.encode(note))
        except StoreError as error:
            self.counts.unspooled_notes += 1
            self.spool_trouble = str(error)
            return 0
        self.spool_trouble = ""
        return position

    def waiting(self) -> list[Pending]:
        """The notes that are not stored yet."""
        with self._lock:
            return self.roster.waiting()

    def unready(self) -> list[str]:
        """Why what is served cannot be trusted to be all there is: nothing once it was read whole."""
        if self._read.is_set():
            return []
        return [f"the store was not read yet: {self._watch.trouble or 'it is being read'}"]

    def troubles(self) -> tuple[str, ...]:
        """Why what is known is not all there is, or is not stored; empty texts where all is well."""
        return (self._watch.trouble, self.trouble, self.spool_trouble, self.lost) if self.has_read else ()

    def audits(self) -> list[bytes]:
        """What was changed, the latest last."""
        with self._lock:
            return list(self.audit)

    def find(self, identity: Identity) -> Machine | None:
        """The machine of an identity."""
        with self._lock:
            return self.roster.register.find(identity)

    def machines(self) -> list[Machine]:
        """All machines, the one that was heard of last at the end."""
        with self._lock:
            return list(self.roster.register)

    def events(self, name: str) -> tuple[Event, ...]:
        """The last events of a machine, the oldest first."""
        with self._lock:
            return self.roster.events(name)

    def hold(self, template: str) -> tuple[Hold, str] | None:
        """What is known against a template, by its key, and which stored version that is, empty where none is."""
        with self._lock:
            hold = self.holding.holds.get(template)
            return None if hold is None else (hold, self.holding.revisions.get(template, ""))

    def holds(self) -> list[Hold]:
        """What is known against templates."""
        with self._lock:
            return list(self.holding)

    def item(self, key: str) -> Item | None:
        """A file of the catalogue as it was stored, whatever stands in it."""
        with self._lock:
            return self._items.get(key)

    # What the watch calls, from its own thread.

    def _on_change(self, update: Update) -> None:
        """Take in what is told, which may be older than what this process has written since."""
        with self._telling:
            self._take_all(self._echoes.corrected(update))

    def _take_all(self, update: Update) -> None:
        news: list[Event] = []
        with self._lock:
            if not (self.has_read or update.is_whole):
                return  # what is changed before all was read comes with the rest
            self.counts.updates += 1
            self._unreadable = update.report
            is_first, self.has_read = not self.has_read, True
            gone = self._missing(update) if update.is_whole else update.gone
            # What a machine did comes first: when the machine is gone, that goes, too.
            told = [key for key in update.items if key.startswith(f"{EVENTS}/")]
            others = [key for key in update.items if not key.startswith(f"{EVENTS}/")]
            for key in (*told, *gone, *others):
                news += self._take(key, update.items.get(key))
            if update.is_whole:
                self.roster.sweep()
            if is_first:
                self._replay()
            if self.is_away:
                self._is_urgent = True  # it may be back: what waits is tried again at once
            self._work.notify_all()
        if is_first or any(key.partition("/")[0] in FOLDERS for key in (*gone, *update.items)):
            self._read_catalogue()
        if news and not is_first:
            self.on_news(news)
        self._read.set()

    def _missing(self, update: Update) -> list[str]:
        """What is known and not in the whole."""
        machines = [f"{MACHINES}/{name}" for name in self.roster.records]
        chapters = [f"{EVENTS}/{name}/{key}" for name, keys in self.roster.chapters.items() for key in keys]
        holds = [f"{HOLDS}/{template}" for template in self.holding.revisions]
        return [key for key in (*self._items, *machines, *chapters, *holds) if key not in update.items]

    def _take(self, key: str, item: Item | None) -> tuple[Event, ...]:
        """Take in an item of the store; the events that are news by it."""
        folder, _, rest = key.partition("/")
        if folder == MACHINES:
            self.roster.stored(rest, item)
        elif folder == EVENTS:
            name, _, number = rest.rpartition("/")
            if item is not None:
                return self.roster.told(name, number, item)
            self.roster.untold(name, number)
        elif folder == HOLDS:
            self.holding.take(rest, item)
        elif folder == AUDIT:
            if item is not None:
                self.audit.append(item.data)
        elif item is not None:
            self._items[key] = item
        else:
            self._items.pop(key, None)
        return ()

    def _read_catalogue(self) -> None:
        """Read what has changed; beside the lock of the rest, since it takes a while."""
        with self._reading:
            with self._lock:
                snapshot, unreadable = take_snapshot(self._items), self._unreadable
            catalogue, report = read_catalogue(snapshot, self.catalogue)
            self.snapshot, self.catalogue, self.report = snapshot, catalogue, Report((*unreadable, *report))
            self.on_catalogue(self.report)

    def _replay(self) -> None:
        """Take in what an earlier process left in the spool and had not stored."""
        for position, data in self.spool.read(MOST_LEFT, MOST_LEFT_BYTES) if self.spool is not None else ():
            note = decode_stored(data, Note)
            if note is None:
                continue
            known = self.roster.register.find(note.identity)
            if known is None or not self.roster.is_stored(known.name, position):
                self._note(note, position)

    # The thread that writes.

    def _run(self) -> None:
        pause = 0.0
        while self._wait(pause):
            try:
                self._write()
            except StoreUnavailableError as error:
                self.trouble = str(error)
                self.counts.failures += 1
                with self._lock:
                    self.is_away = True
                    self._spool_waiting()
                self._refuse_jobs(error)
                self._sync_spool()
                pause = min(max(FIRST_PAUSE, 2 * pause), LONGEST_PAUSE)
                if self._is_closing:
                    return
            else:
                self.trouble, self.is_away, pause = "", False, 0.0
                if self._is_closing:
                    return

    def _refuse_jobs(self, error: StoreError) -> None:
        """Who waits behind one that the store could not take shall not wait until it has failed for each."""
        with self._lock:
            while self._jobs:
                self._jobs.popleft().done.set_exception(error)

    def _sync_spool(self) -> None:
        """What the store cannot have now shall outlive a power failure."""
        if self.spool is not None:
            with suppress(StoreUnavailableError):
                self.spool.sync()

    def _wait(self, pause: float) -> bool:
        """Until there is something to write, and others have had the time to join it."""
        with self._lock:
            if not self.has_read and not self._is_closing:
                self._work.wait_for(lambda: self.has_read or self._jobs or self._is_closing)
            self._work.wait_for(self._has_work)
            self._work.wait_for(lambda: self._is_urgent or self._jobs, timeout=max(LINGER, pause))
            self._is_urgent = False
        return True

    def _has_work(self) -> bool:
        """Whether there is something to write, or to try again."""
        is_back = self.is_away and self._is_urgent
        waits = self.roster.dirty or self.roster.garbage or self.holding.waiting or self._jobs
        return bool(waits or self._is_closing or is_back)

    def _write(self) -> None:
        """Store what waits, by turns, so that none of it waits for all of the rest. Raises StoreUnavailableError."""
        while True:
            away = self._store_holds()
            if any([self._do_next(), self._store_next(), self._collect_next()]):
                continue
            if away is not None:
                raise away
            return

    def _do_next(self) -> bool:
        with self._lock:
            job = self._jobs.popleft() if self._jobs else None
        if job is not None:
            self._do(job)
        return job is not None

    def _store_next(self) -> bool:
        with self._lock:
            batch = self.roster.take() if self.has_read else None
        if batch is not None:
            self._store(batch)
        return batch is not None

    def _collect_next(self) -> bool:
        """Take away what belongs to nobody any more."""
        garbage = self.roster.garbage[:MAX_GARBAGE]
        if garbage:
            self._commit([Delete(key) for key in garbage], ())
            with self._lock:
                del self.roster.garbage[: len(garbage)]
        return bool(garbage)

    def _do(self, job: Job) -> None:
        try:
            conflict = None
            try:
                revisions = commit_audited(self._commit, job)
            except ConflictError as error:
                conflict = error
            read = {each.key: self.store.get(each.key) for each in job.changes if not isinstance(each, Append)}
            if conflict is not None:
                revisions = made_already(job.changes, read, conflict)
        except Exception as error:  # whoever waits is told; a fault of ours must not end the thread
            job.done.set_exception(fault_of(error))
            if isinstance(error, StoreUnavailableError):
                raise
            return
        items = {key: item for key, item in read.items() if item is not None}
        with self._telling:
            self._echoes.wrote(read)
            self._take_all(Update(items, tuple(key for key in read if key not in items), report=self._unreadable))
        job.done.set_result(revisions)

    def _store(self, batch: Batch) -> None:
        """Commit a batch; where others were quicker, read theirs and let it be folded anew."""
        try:
            revisions = self._commit(batch.changes, batch.conditions)
        except ConflictError as error:
            self.counts.conflicts += 1
            self._settle_conflict(batch, error)
        except StoreUnavailableError as error:
            with self._lock:
                self.roster.failed(batch, error)
            raise
        except Exception as error:  # noqa: BLE001  the same; this batch would fail again and hold up all others
            fault = fault_of(error)
            self.lost = f"{len(batch.pending)} notes could not be stored: {fault}"
            with self._lock:
                self.counts.dropped_notes += self.roster.given_up(batch, fault)
        else:
            with self._lock:
                self.roster.done(batch, revisions)
                self.counts.stored_notes += len(batch.pending)
                if self.spool is not None:
                    self.spool.acknowledge(self.roster.stored_up_to())

    def _store_holds(self) -> StoreUnavailableError | None:
        """Store what is known against templates, before the failures that it comes from are stored and done with.

        That the store is away is returned: who waits for an order is to hear of it, too.
        """
        while self.has_read:
            with self._lock:
                batch = self.holding.batch()
            if batch is None:
                break
            try:
                self._store_batch_of_holds(batch)
            except StoreUnavailableError as error:
                return error
        return None

    def _store_batch_of_holds(self, batch: HoldBatch) -> None:
        revisions: Mapping[str, str] = {}
        try:
            revisions = self._commit(batch.changes, batch.conditions)
        except ConflictError:
            self.counts.conflicts += 1
            found = {each.key: self.store.get(each.key) for each in batch.conditions}
            with self._lock:
                for key, item in found.items():
                    self._take(key, item)
            return
        except StoreUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  as in `_store`; what the store never takes is in memory alone
            self.lost = f"what is known against templates could not be stored: {fault_of(error)}"
        with self._lock:
            self.holding.done(batch, revisions)

    def _settle_conflict(self, batch: Batch, error: ConflictError) -> None:
        try:
            found = {name: self.store.get(f"{MACHINES}/{name}") for name in batch.dirty}
        except StoreError as fault:
            unavailable = StoreUnavailableError(str(fault))
            with self._lock:
                self.roster.failed(batch, unavailable)
            raise unavailable from error
        with self._lock:
            self.roster.conflicted(batch, found)

    def _commit(self, changes: Sequence[Change], conditions: Sequence[Condition]) -> Mapping[str, str]:
        self.counts.commits += 1
        return self.store.commit(changes, conditions)
