"""The server without its transport: a Request goes in, a Response comes out; what is behind it is kept current.

A Site gives each request to its face, notes whom it saw, has the store make what the answer promises, and counts. What
it answers with is in memory: nobody who reads waits. It belongs to one thread, but for what the keeper tells it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec

from stoker.http import Request, Response, problem
from stoker.machines import Compile, Validate, check_ignition, facts_of
from stoker.report import Event, Report
from stoker.server.behind import KEY_BYTES, Behind
from stoker.server.files_api import refuse_change
from stoker.server.keeper import Keeper
from stoker.server.measures import Measures
from stoker.server.native import Native
from stoker.server.notes import Note, plain
from stoker.server.repeats import Repeats
from stoker.server.replies import Face, Order, Reply, View, Work
from stoker.server.streams import Stream
from stoker.store import StoreError, StoreUnavailableError
from stoker.trust import Signer

NATIVE: Final = Native()
OK: Final = 200
WORKERS: Final = 4
MAX_WORKING: Final = 1000


class Site:
    """What is served, and the collaborators that know the languages of configs."""

    def __init__(
        self,
        behind: Behind,
        assets: Path | None,
        compile_config: Compile,
        log: Callable[[str], None],
        *,
        validate: Validate = check_ignition,
        face: Face = NATIVE,
        signer: Signer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Begin to read what is behind it; `log` may be called from any thread, `clock` gives seconds since 1970."""
        self.clock = clock
        self.root = behind.root
        self.assets = assets
        self.compile = compile_config
        self.validate = validate
        self.face = face
        self.signer = signer
        self.log = log
        self.known = Report()
        self.troubles: tuple[str, ...] = ()
        self.stream = Stream()
        self.repeats = Repeats()
        self.post: Callable[[Callable[[], None]], object] = lambda call: call()
        self.key = behind.key or secrets.token_bytes(KEY_BYTES)
        self.workers = ThreadPoolExecutor(WORKERS, "stoker-worker")
        self.working = 0
        self.keeper = Keeper(behind.store, behind.spool, self._on_news, self._on_catalogue, behind.name)
        self.measures = Measures(self.keeper, self.stream)

    def answer(self, request: Request) -> Response:
        """Answer one request, waiting for the store where it has to make a change."""
        start = time.perf_counter()
        reply, done = self.begin(request)
        if done is not None:
            reply = self.settle(reply, done)
        self.finish(request, reply, time.perf_counter() - start)
        return reply.response

    def begin(self, request: Request) -> tuple[Reply, Future[Any] | None]:
        """Whatever goes wrong, there is an answer: this one or, where there is something to wait for, `settle`'s."""
        self._say_troubles()
        view = View(
            self.keeper.catalogue,
            self.keeper,
            self.stream,
            self.measures,
            self.assets,
            self.compile,
            self.validate,
            self.clock(),
            self.signer,
            key=self.key,
            stock=self.face.stock,
        )
        try:
            return self._submit(request, self.face.answer(request, view), view.at)
        except Exception as error:  # noqa: BLE001  a fault in one request must not end the others
            return self.face.fail(request, error), None

    def settle(self, reply: Reply, done: Future[Any]) -> Reply:
        """The answer to a change once the store has made it or has not, or to work once it is done; waits for that."""
        if reply.work is not None:
            return done.result()  # type: ignore[no-any-return]  # `_go_on` sets nothing else
        try:
            revisions = done.result()
        except StoreError as error:
            return _refused(reply, refuse_change(error))
        deed = reply.change.deed if reply.change else None
        lines = (*reply.lines, self.face.audit(deed)) if deed else reply.lines
        response = reply.then(revisions or {}) if reply.then else reply.response
        return reply._replace(response=response, lines=lines)

    def finish(self, request: Request, reply: Reply, seconds: float) -> None:
        """Count and log a request that is answered."""
        response = reply.response
        self.measures.answered(reply.route, response.status, response.size, seconds)
        note = reply.sent(self.clock()) if reply.sent and response.status == OK else None
        if note is not None:
            self._publish(self.keeper.note(note))
        for line in reply.lines:
            self.write(line)
        self.write(self.face.access(request, reply, seconds))

    def hear(self, note: Note, *, is_promised: bool = False) -> bool:
        """Take in what became known of a machine that was heard of, unless just that was a moment ago.

        False if that was promised to be kept and cannot be.
        """
        self.measures.sightings.add()
        if self.repeats.is_repeated(note):
            self.measures.repeats.add()
            return True
        self._publish(self.keeper.note(plain(note), is_promised=is_promised))
        if is_promised and self.keeper.spool_trouble:
            self.repeats.forget(note)
            return False
        return True

    def write(self, line: str) -> None:
        """Write a line of the log; an empty one is none."""
        if line:
            self.log(line)

    def close(self, seconds: float) -> None:
        """End the streams, and store what waits."""
        self.stream.close()
        self.workers.shutdown(wait=False, cancel_futures=True)
        if not self.keeper.close(seconds):
            waiting = len(self.keeper.waiting())
            self.write(self.face.warn(f"{waiting} notes could not be stored: {self.keeper.trouble}"))

    def wait_until_read(self, seconds: float) -> None:
        """Wait until everything was read once. Raises StoreUnavailableError."""
        if not self.keeper.wait_until_read(seconds):
            raise StoreUnavailableError("; ".join(self.keeper.unready()) or "the store was not read in time")

    def _say_troubles(self) -> None:
        """Say once of each trouble of the store or the face that it is there, and that what was read last counts."""
        troubles = (*self.keeper.troubles(), *self.face.troubles())
        if troubles != self.troubles:
            for trouble in troubles:
                if trouble and trouble not in self.troubles:
                    self.write(self.face.warn(f"{trouble}; what was read last is still served"))
            self.troubles = troubles

    def _submit(self, request: Request, reply: Reply, at: float) -> tuple[Reply, Future[Any] | None]:
        """Take in what a reply tells, and begin what is to be done before it is given."""
        if reply.work is not None:
            return self._begin_work(request, reply, reply.work, at)
        seen = [Note(sighting.identity, tuple(facts_of(sighting)), at) for sighting in reply.sightings]
        kept = [self.hear(note, is_promised=reply.promises) for note in (*seen, *reply.notes)]
        if not all(kept):
            return _refused(reply, refuse_change(StoreUnavailableError(self.keeper.spool_trouble))), None
        change = reply.change
        if change is None:
            return reply, None
        audit = msgspec.json.encode(change.deed) if change.deed else b""
        if not isinstance(change, Order):
            return reply, self.keeper.change(change.changes, change.conditions, audit)
        if change.deed is None:
            self.measures.sightings.add()
        done, refusal, events = self.keeper.order(plain(change.note), audit)
        self._publish(events)
        if done is None:
            return _refused(reply, problem(409, refusal)), None
        return reply, done

    def _begin_work(self, request: Request, reply: Reply, work: Work, at: float) -> tuple[Reply, Future[Any] | None]:
        """Have work done by another thread; what is waited for is the Reply that comes of it, never a fault."""
        if self.working >= MAX_WORKING:
            busy = problem(503, "too much is under way; ask again").with_headers(("retry-after", "5"))
            return reply._replace(response=busy, work=None), None
        final: Future[Reply] = Future()
        self.working += 1

        def ended(done: Future[Any]) -> None:
            self.post(lambda: self._go_on(request, reply, work, done, final, at))

        self.workers.submit(work.do).add_done_callback(ended)
        return reply, final

    def _go_on(
        self, request: Request, reply: Reply, work: Work, done: Future[Any], final: Future[Reply], at: float
    ) -> None:
        """Go on with what work has made, in the site's own thread."""
        self.working -= 1

        def conclude(make: Callable[[], Reply]) -> None:
            try:
                final.set_result(make())
            except Exception as error:  # noqa: BLE001  as in `begin`
                final.set_result(self.face.fail(request, error))

        try:
            made = work.then(done.result())._replace(route=reply.route, caller=reply.caller)
            made, waiting = self._submit(request, made, at)
        except Exception as error:  # noqa: BLE001  as in `begin`
            final.set_result(self.face.fail(request, error))
            return
        if waiting is None:
            final.set_result(made)
        else:
            waiting.add_done_callback(lambda of: self.post(lambda: conclude(lambda: self.settle(made, of))))

    def _publish(self, events: Sequence[Event]) -> None:
        for event in events:
            self.stream.publish("machine", msgspec.json.encode(event))

    def _on_news(self, events: Sequence[Event]) -> None:
        self.post(lambda: self._publish(events))

    def _on_catalogue(self, report: Report) -> None:
        """Say what is newly found in the files."""
        self.post(self.stream.touch)
        known, self.known = set(self.known), report
        for entry in report:
            if entry not in known:
                self.write(self.face.tell(entry))


def _refused(reply: Reply, refusal: Response) -> Reply:
    """The reply where a change was not made; nothing of it was done, nor sent."""
    return reply._replace(response=reply.otherwise(refusal) if reply.otherwise else refusal, sent=None)
