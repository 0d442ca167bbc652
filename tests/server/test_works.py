"""Work that another thread does for a request: what comes of it, of faults in it, and of too much of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from stoker.http import Request, Response, text_response
from stoker.machines import Booted, Identity
from stoker.server.behind import Behind
from stoker.server.native import Native
from stoker.server.notes import Note
from stoker.server.replies import Order, Reply, View, Work
from stoker.server.site import MAX_WORKING, Site
from tests.server.conftest import MAC, compile_config, until


class Working(Native):
    """A face of which each answer is work."""

    work = Work(lambda: 1, lambda found: Reply(text_response(str(found))))

    def answer(self, request: Request, view: View) -> Reply:
        return Reply(Response(200), work=self.work, route="r")


def fail(_found: object = None) -> Any:
    raise RuntimeError("broken")


def store(found: int) -> Reply:
    note = Note(Identity("", MAC), (Booted(),), 1.0)
    return Reply(Response(500), change=Order(note), then=lambda _revisions: text_response(f"stored {found}"))


WORK = {
    "what it finds": (Work(lambda: 2, lambda found: Reply(text_response(str(found)))), 200, b"2"),
    "what is stored then": (Work(lambda: 2, store), 200, b"stored 2"),
    "a fault in it": (Work(fail, store), 500, b"the server failed"),
    "a fault after it": (Work(lambda: 2, fail), 500, b"the server failed"),
    "work that makes work": (
        Work(lambda: 2, lambda found: Reply(Response(200), work=Work(lambda: found + 1, store))),
        200,
        b"stored 3",
    ),
}


@pytest.fixture
def site(behind: Callable[[], Behind]) -> Any:
    made = Site(behind(), None, compile_config, lambda _line: None, face=Working())
    made.wait_until_read(30)
    yield made
    made.close(30)


@pytest.mark.parametrize("work, status, body", WORK.values(), ids=WORK)
def test_what_comes_of_work(site: Site, work: Work, status: int, body: bytes) -> None:
    site.face.work = work  # type: ignore[attr-defined]
    response = site.answer(Request("GET", "/"))
    assert isinstance(response.body, bytes)
    assert (response.status, body in response.body, site.working) == (status, True, 0)


def test_work_is_bounded_and_keeps_nobody_waiting(site: Site) -> None:
    gate = threading.Event()
    site.face.work = Work(gate.wait, lambda _found: Reply(text_response("done")))  # type: ignore[attr-defined]
    begun = [site.begin(Request("GET", "/")) for _ in range(MAX_WORKING)]
    reply, done = site.begin(Request("GET", "/"))
    assert (reply.response.status, done) == (503, None)
    gate.set()
    assert {site.settle(reply, done).response.body for reply, done in begun if done is not None} == {b"done"}
    until(lambda: site.working == 0)
