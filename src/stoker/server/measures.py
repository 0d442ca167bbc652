"""The measures of one server: what it does is counted as it happens, what it knows is read when it is asked for."""

from __future__ import annotations

import time
from collections import Counter as Tally
from typing import Final

from stoker import __version__
from stoker.machines import State
from stoker.server.keeper import Keeper
from stoker.server.metrics import Counter, Gauge, Histogram, Metric, exposition
from stoker.server.streams import Stream

NO_ROUTE: Final = "none"


class Measures:
    """Counters of requests, and readings of what is behind the server."""

    def __init__(self, keeper: Keeper, stream: Stream) -> None:
        self.requests = Counter("stoker_requests_total", "Requests answered.", ("route", "status"))
        self.seconds = Histogram("stoker_request_seconds", "Time from the head of a request to its answer.", "route")
        self.sent = Counter("stoker_sent_bytes_total", "Bytes of bodies answered, streams left aside.", ("route",))
        self.sightings = Counter("stoker_sightings_total", "Machines that were heard of, each time.")
        self.repeats = Counter("stoker_sightings_repeated_total", "Those that said nothing new within a second.")
        self.keeper = keeper
        self.stream = stream
        self.started = time.time()

    def answered(self, route: str, status: int, size: int, seconds: float) -> None:
        """Count a request."""
        name = route or NO_ROUTE
        self.requests.add(name, str(status))
        self.seconds.observe(name, seconds)
        self.sent.add(name, amount=size)

    def text(self) -> str:
        """All of them, for Prometheus."""
        return exposition([self.requests, self.seconds, self.sent, self.sightings, self.repeats, *self._readings()])

    def _readings(self) -> list[Metric]:
        keeper, stream, counts = self.keeper, self.stream, self.keeper.counts
        waiting = keeper.waiting()
        oldest = min((each.note.at for each in waiting), default=time.time())
        spool, rendered = keeper.spool, keeper.catalogue.rendered
        dropped = 0 if spool is None else spool.dropped
        return [
            Gauge("stoker_info", "Which version runs.", lambda: {__version__: 1}, "version"),
            Gauge("stoker_start_time_seconds", "When it was started, in seconds since 1970.", lambda: self.started),
            Gauge("stoker_machines", "Machines by state.", self._states, "state"),
            Gauge("stoker_findings", "Findings in groups, profiles and templates.", self._findings, "severity"),
            _total("stoker_store_commits_total", "Commits that were tried.", counts.commits),
            _total("stoker_store_conflicts_total", "Commits that others were quicker than.", counts.conflicts),
            _total("stoker_store_failures_total", "Commits that the store could not take.", counts.failures),
            _total("stoker_store_updates_total", "Updates that the store told of.", counts.updates),
            _total("stoker_notes_stored_total", "Notes on machines that were stored.", counts.stored_notes),
            _total("stoker_notes_dropped_total", "Notes that could never be stored.", counts.dropped_notes),
            Gauge("stoker_store_up", "Whether the last commit went well.", lambda: float(not keeper.trouble)),
            Gauge("stoker_notes_waiting", "Notes that are not stored yet.", lambda: len(waiting)),
            Gauge("stoker_store_lag_seconds", "Age of the oldest note not stored yet.", lambda: time.time() - oldest),
            Gauge("stoker_spool_records", "Notes in the spool.", lambda: 0 if spool is None else len(spool)),
            _total("stoker_spool_dropped_total", "Notes that the spool had no room for.", dropped),
            _total("stoker_machines_turned_away_total", "Machines there was no room for.", keeper.roster.turned_away),
            _total("stoker_rendered_hits_total", "Configs that were rendered already.", rendered.hits),
            _total("stoker_rendered_misses_total", "Configs that had to be rendered.", rendered.misses),
            Gauge("stoker_rendered_bytes", "What is kept of rendered configs.", lambda: rendered.size),
            Gauge("stoker_rendered_bytes_limit", "The most that is kept of them.", lambda: rendered.bound),
            Gauge("stoker_watchers", "Clients that watch the stream of events.", lambda: stream.counts.watching),
            _total("stoker_stream_sent_total", "Events sent to them.", stream.counts.sent),
            _total("stoker_stream_missed_total", "Times that one of them missed events.", stream.counts.missed),
        ]

    def _states(self) -> dict[str, float]:
        tally = Tally(machine.state for machine in self.keeper.machines())
        return {str(state): tally[state] for state in State}

    def _findings(self) -> dict[str, float]:
        tally = Tally(entry.severity.value for entry in self.keeper.report)
        return {severity: tally[severity] for severity in ("error", "warning", "info")}


def _total(name: str, meaning: str, amount: float) -> Metric:
    counter = Counter(name, meaning)
    counter.add(amount=amount)
    return counter
