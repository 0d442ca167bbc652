"""Reporting in: in go the Outcome of a stage and the lines of its log; out they go to a file, a console and a server.

The spool gets every event, and the record of a failure. The console, which has the log of the stage, gets a line. The
server gets what a person at a distance needs: how each stage ended, its first operations and what did not succeed, and
of a stage that failed the last lines of its log, each an event whose outcome is `log`. What cannot be sent now is sent
by a later stage of the same boot.

Nothing here may stop a boot: no fault is raised, and all stages of one boot together wait for the server no longer than
their budget, which is counted before it is spent.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from stoker.engine.outcome import DONE, FAILED, REFUSED, Outcome
from stoker.engine.spool import Failure, Spool
from stoker.fetch import Fetcher, Question, Settings, redacted
from stoker.platforms.kernel import KernelArgument, kernel_arguments, last_value
from stoker.report import Event, pointer_text
from stoker.schema.v3 import Config, KernelArguments

BUDGET: Final = 2.0  # seconds that all stages of a boot wait for the server
LOG: Final = "log"  # outcome of an event that is a line of the log
LOG_LINES: Final = 50
LONGEST: Final = 2000  # characters of a text that the server takes
MOST_STEPS: Final = 32  # of a pointer, likewise, each of at most
LONGEST_STEP: Final = 200
MOST_AT_ONCE: Final = 100  # events in one request, likewise, in at most
LARGEST_BODY: Final = 60_000  # bytes
MOST_OPERATIONS: Final = 20  # of a stage that are sent one by one, and as many again that did not succeed
ANSWER_LIMIT: Final = 64 << 10
HIDDEN: Final = "xxxxx"

URL: Final = "stoker.events"
TOKEN: Final = "stoker.token"

# Sends a request: URL, headers and body; the status of the answer. It may take as long as it likes, and raise.
Post = Callable[[str, tuple[tuple[str, str], ...], bytes], int]


def destination(arguments: list[KernelArgument], config: Config | None) -> tuple[str, str]:
    """Where to report and the machine's token, empty where there is none.

    They are the kernel `arguments` `stoker.events=URL` and `stoker.token=TOKEN`, of this boot or else, where a config
    wants them for later boots, its own `kernelArguments.shouldExist`.
    """
    wanted = (config and config.kernel_arguments) or KernelArguments()
    both = [arguments, kernel_arguments(" ".join(wanted.should_exist))]
    url, token = (next(filter(None, (last_value(each, name) for each in both)), "") for name in (URL, TOKEN))
    return url, token


def post_by(settings: Settings) -> Post:
    """A Post that sends over http or https, asking once; `settings` are those of the config."""

    def post(url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> int:
        fetcher = Fetcher(msgspec.structs.replace(settings, total=BUDGET, response_headers=BUDGET))
        question = Question(url, headers, "POST", patient=False, follow=False, body=body)
        return fetcher.ask(question, ANSWER_LIMIT)[0]

    return post


class Reporter:
    """Reports the stages of one boot. `note` is to get each line of their logs."""

    def __init__(
        self,
        spool: Spool,
        console: Callable[[str], None],
        url: str = "",
        token: str = "",
        budget: float = BUDGET,
        *,
        boot: str,
        post: Post,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Report to a spool, a console, and to the `url` with the machine's `token`, if there is one.

        `boot` is the id of the boot (random(4)): in another one, the budget of seconds is a new one.
        """
        self._spool = spool
        self._console = console
        self._url = url
        self._token = token
        self._budget = budget
        self._boot = boot
        self._post = post
        self._clock = clock
        self._log: deque[str] = deque(maxlen=LOG_LINES)

    def __repr__(self) -> str:
        """Nothing of it that could be a secret."""
        return f"Reporter({redacted(self._url)})"

    def note(self, line: str) -> None:
        """Keep a line of the log, for the case that the stage fails."""
        self._log.append(self._clean(line))

    def report(
        self, stage: str, outcome: Outcome, *, digest: str = "", milliseconds: float = 0.0, is_online: bool = True
    ) -> None:
        """Report a stage that has ended. Never raises, and never takes long.

        `digest` is the SHA-512 of the config, for events that do not name one themselves. A stage that runs before
        the network `is_online` leaves the sending to the next.
        """
        events = [self._shown(event, digest) for event in outcome.events]
        done = sum(event.outcome == DONE for event in events)
        text = f"{stage}: {done} operation{'' if done == 1 else 's'} done"
        ended = DONE if outcome.succeeded else FAILED
        end = Event(self._clock(), stage, text, ended, digest=digest, milliseconds=milliseconds)
        failure = None if outcome.succeeded else self._failure(stage, outcome, digest)
        with self._forgiven("keep what happened"):
            self._spool.keep([*events, end])
        is_kept = False
        with self._forgiven("keep the record of a failure"):
            if failure is None:
                self._spool.forget_failure(stage)
            else:
                self._spool.keep_failure(failure)
                is_kept = True
        self._tell(end, failure, is_kept=is_kept)
        if self._url:
            with self._forgiven("keep what is still to be sent"):
                self._spool.queue(_worth_sending(events, end, failure))
                if is_online:
                    self._send()
        self._log.clear()

    def _failure(self, stage: str, outcome: Outcome, digest: str) -> Failure:
        """The record of a stage that failed, by the operation that did or by what was refused before any began."""
        entry = next(entry for entry in outcome.report if entry.is_error)
        failing = next((event for event in outcome.events if event.outcome in {FAILED, REFUSED}), None)
        pointer = failing.pointer if failing is not None else entry.pointer
        return Failure(
            self._clock(),
            self._boot,
            stage,
            self._clean(failing.text) if failing is not None and failing.outcome == FAILED else "",
            self._clean(entry.message),
            (failing and failing.digest) or digest,
            pointer_text(pointer) if pointer else "",
            self._clean(entry.hint or ""),
            tuple(self._log),
        )

    def _tell(self, end: Event, failure: Failure | None, *, is_kept: bool) -> None:
        if failure is None:
            self._console(f"stoker: {end.text}, {end.milliseconds:.0f} ms")
            return
        where = f"; `{self._spool.failure_file}` has what is known of it" if is_kept else f": {failure.reason}"
        self._console(f"stoker: {end.stage} failed{where}")

    def _send(self) -> None:
        """Send what is pending, as far as the budget goes; what the server refuses is not sent again."""
        pending = self._spool.pending()
        bearer = (("Authorization", f"Bearer {self._token}"),) if self._token else ()
        headers = (("Content-Type", "application/json"), *bearer)
        for body, rest in _bodies(pending):
            status, reason = self._post_bounded(headers, body)
            if 200 <= status < 300:
                pending = rest
                continue
            self._console(f"stoker: `{redacted(self._url)}` did not take what happened: {self._clean(reason)}")
            pending = rest if 400 <= status < 500 else pending
            break
        self._spool.leave_pending(pending)

    def _post_bounded(self, headers: tuple[tuple[str, str], ...], body: bytes) -> tuple[int, str]:
        """Status of the answer within what is left of the budget, 0 when there is none; and why it is not a good one.

        It goes on in a thread of its own if it has to: not every way to hang, in resolving a name for one, can be
        bounded from inside. What is left is noted as spent before it begins, and given back afterwards.
        """
        spent = self._spool.spent(self._boot)
        left = self._budget - spent
        if left <= 0:
            return 0, f"the {self._budget:g} s of this boot are spent"
        self._spool.note_spent(self._boot, self._budget)
        statuses: list[int] = []
        problems: list[str] = []

        def work() -> None:
            try:
                statuses.append(self._post(self._url, headers, body))
            except Exception as error:  # noqa: BLE001 -- whatever it is, it must not stop a boot
                problems.append(str(error) or type(error).__name__)

        import threading  # noqa: PLC0415 -- milliseconds that only a boot with a server to tell pays for

        began = time.monotonic()
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(left)
        self._spool.note_spent(self._boot, min(self._budget, spent + time.monotonic() - began))
        if statuses:
            return statuses[0], f"it answered {statuses[0]}"
        return 0, problems[0] if problems else "no answer in time"

    @contextmanager
    def _forgiven(self, what: str) -> Iterator[None]:
        """A fault of the spool is said and no more."""
        try:
            yield
        except OSError as error:
            self._console(f"stoker: cannot {what}: {error}")

    def _shown(self, event: Event, digest: str) -> Event:
        """An event as it may be shown and as the server takes it."""
        pointer = tuple(step if isinstance(step, int) else step[:LONGEST_STEP] for step in event.pointer[:MOST_STEPS])
        return msgspec.structs.replace(
            event, digest=event.digest or digest, pointer=pointer, text=self._clean(event.text)
        )

    def _clean(self, text: str) -> str:
        """A text without the token, on one line, and not too long."""
        shown = text.replace(self._token, HIDDEN) if self._token else text
        return "".join(letter if letter.isprintable() else " " for letter in shown)[:LONGEST]


def _worth_sending(events: Sequence[Event], end: Event, failure: Failure | None) -> list[Event]:
    """What a person at a distance needs of a stage."""
    late = [event for event in events[MOST_OPERATIONS:] if event.outcome != DONE]
    chosen = [*events[:MOST_OPERATIONS], *late[:MOST_OPERATIONS]]
    if failure is not None:
        chosen += [Event(failure.at, end.stage, line, LOG, digest=failure.digest) for line in failure.log]
        words = " ".join(filter(None, (failure.reason, failure.hint)))
        chosen.append(Event(failure.at, end.stage, words[:LONGEST], FAILED, digest=failure.digest))
    return [*chosen, end]


def _bodies(pending: list[Event]) -> Iterator[tuple[bytes, list[Event]]]:
    """The bodies of the requests that send events, each with the events that it leaves."""
    while pending:
        taken: list[bytes] = []
        size = 0
        for event in pending[:MOST_AT_ONCE]:
            text = msgspec.json.encode(event)
            if taken and size + len(text) > LARGEST_BODY:
                break
            taken.append(text)
            size += len(text) + 1
        pending = pending[len(taken) :]
        yield b"[" + b",".join(taken) + b"]", pending
