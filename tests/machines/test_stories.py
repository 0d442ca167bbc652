"""Whole lives, through every part: recognised, armed, booted, given a token, sent a config, failing, held."""

from __future__ import annotations

import hashlib

from stoker.machines import (
    Demands,
    Give,
    Identity,
    Machine,
    Ordered,
    Register,
    Sent,
    Sign,
    State,
    Tokened,
    Told,
    boot,
    encode_machine,
    find_receipt,
    fold,
    told_by,
    write_receipt,
)
from stoker.machines.facts import AnyFact
from stoker.machines.holds import Hold, note_failure
from stoker.machines.references import put_in
from stoker.machines.tokens import finish, hand_out, judge, mint, put_token, take_token
from stoker.report import Event
from stoker.trust import Secret, Secrets

KEY = b"the server's own"
TOKEN, PASSWORD = "canary-token-5e77", "canary-password-91ab"
DEMANDS = Demands(installs_once=True, takes_token=True)
CONFIG = b'{"ignition":{"version":"3.4.0"},"passwd":{"users":[{"name":"a","passwordHash":"secret://env/A"}]}}'


class Life:
    """One machine, and all that is ever kept or told of it."""

    def __init__(self, identity: Identity) -> None:
        recognised = Register().recognise(identity, 0.0)
        assert recognised is not None
        self.machine: Machine = recognised.machine
        self.kept: list[str] = []

    def fold(self, fact: AnyFact, at: float) -> str:
        folded = fold(self.machine, fact, at)
        assert folded.machine is not None
        self.keep(folded.machine, folded.events)
        return folded.refusal

    def boot(self, at: float) -> tuple[Give, bool]:
        booted = boot(self.machine, DEMANDS, at)
        for fact in booted.facts:
            self.fold(fact, at)
        return booted.give, booted.mints

    def keep(self, machine: Machine, events: tuple[Event, ...]) -> None:
        self.machine = machine
        self.kept += [encode_machine(machine).decode(), *map(repr, events), repr(machine)]

    def ask(self, query: str, at: float) -> tuple[int, bytes]:
        """Ask for the config as a server would answer it."""
        presented, rest = take_token(query)
        ruling = judge(self.machine.token, "g", presented, KEY, at)
        self.fold(Tokened(ruling.token, ruling.event), at)
        if ruling.status != 200 or ruling.token is None:
            return ruling.status, rest.encode()
        secrets = Secrets(environment={"STOKER_SECRET_A": PASSWORD})
        given = {"token": Secret(presented)}
        body, report = put_in(CONFIG, lambda reference: secrets.resolve(reference, self.machine.name, given))
        assert body is not None
        assert not len(report)
        ruling = hand_out(ruling.token, "g", body, KEY, at)
        self.fold(Tokened(ruling.token, ruling.event), at)
        assert ruling.token is not None
        self.fold(Sent(write_receipt(KEY, CONFIG, body, at, template="ignition/a.bu", revision="r1")), at)
        self.fold(Tokened(finish(ruling.token, "g", at)), at)
        return ruling.status, body


def test_a_machine_that_needs_a_token_is_armed_installed_and_shut_out() -> None:
    life = Life(Identity("", "52:54:00:00:00:0a"))
    assert life.boot(10.0) == (Give.REFUSE, False)
    assert life.fold(Ordered(Sign.REPROVISION, "ada"), 20.0) == ""
    assert life.boot(100.0) == (Give.INSTALL, True)
    ruling = mint(life.machine.token, TOKEN, KEY, 100.0)
    life.fold(Tokened(ruling.token, ruling.event), 100.0)
    assert TOKEN.encode() in put_token(b"#!ipxe\nboot\n", TOKEN)

    assert life.ask("mac=x", 150.0) == (403, b"mac=x")
    assert life.ask("mac=x&token=wrong", 150.0) == (403, b"mac=x&token=secret://request/token")
    status, body = life.ask(f"mac=x&token={TOKEN}", 200.0)
    assert status == 200
    assert PASSWORD.encode() in body
    assert life.ask(f"mac=x&token={TOKEN}", 230.0) == (200, body)
    digest = hashlib.sha512(body).hexdigest()
    event = told_by(Event(240.0, "fetch", "fetched", digest=digest), life.machine.receipts, KEY)
    assert event.digest == hashlib.sha512(CONFIG).hexdigest()
    life.fold(Told(event), 240.0)
    assert life.ask(f"mac=x&token={TOKEN}", 250.0)[0] == 410

    life.fold(Told(Event(300.0, "install", "written")), 300.0)
    assert life.machine.armed is None
    assert life.boot(400.0) == (Give.LOCAL, False)
    life.fold(Told(Event(500.0, "up", "up")), 500.0)
    assert life.machine.state is State.UP
    assert not any(secret in kept for kept in life.kept for secret in (TOKEN, PASSWORD, digest))


def test_two_machines_that_fail_alike_save_the_third() -> None:
    hold: Hold | None = None
    for number in range(2):
        life = Life(Identity("", f"52:54:00:00:00:{number:02x}"))
        sent = CONFIG.replace(b"secret://env/A", b"own password")
        life.fold(Sent(write_receipt(KEY, CONFIG, sent, 1.0, template="ignition/a.bu", revision="r1")), 1.0)
        posted = Event(
            2.0, "files", "no such group", "failed", digest=hashlib.sha512(sent).hexdigest(), pointer=("a", 0)
        )
        life.fold(Told(told_by(posted, life.machine.receipts, KEY)), 2.0)
        failure = life.machine.failure
        assert failure is not None
        receipt = find_receipt(life.machine.receipts, failure.digest)
        assert receipt is not None
        held = note_failure(hold, receipt, failure, life.machine.name, 2.0)
        assert held is not None
        hold = held.hold
        assert hold.holds("r1", "52:54:00:00:00:0c") == (number == 1)
