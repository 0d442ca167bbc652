"""Two servers that keep the same machines: each works on what it read last, and on a conflict reads and folds again."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stoker.machines import Identity, Register, Told, decode_machine, encode_machine, fold
from stoker.report import Event

A, B, C = "52:54:00:00:00:0a", "52:54:00:00:00:0b", "52:54:00:00:00:0c"
U, V = "4c4c4544-0000-0000-0000-00000000000a", "4c4c4544-0000-0000-0000-00000000000b"


class Shared:
    """What a store does: values with revisions, written only when nothing that counts has changed."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[int, bytes]] = {}
        self.revision = 0

    def commit(self, changes: dict[str, bytes | None], seen: dict[str, tuple[int, bytes]]) -> bool:
        if any(self.values.get(key, (0,))[0] != seen.get(key, (0,))[0] for key in changes):
            return False
        self.revision += 1
        for key, data in changes.items():
            self.values.pop(key, None)
            if data is not None:
                self.values[key] = (self.revision, data)
        return True


class Server:
    """One of the servers, with the values that it has seen."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.seen: dict[str, tuple[int, bytes]] = {}

    def refresh(self) -> None:
        self.seen = dict(self.shared.values)

    def meet(self, identity: Identity, event: Event, at: float) -> int:
        """Take in an event of a machine; the number of events that were kept by it."""
        while True:
            register = Register(decode_machine(data) for _, data in self.seen.values())
            recognised = register.recognise(identity, at)
            if recognised is None:
                return 0
            folded = fold(recognised.machine, Told(event), at)
            assert folded.machine is not None
            records = recognised.records | {folded.machine.name: folded.machine}
            changes = {name: machine and encode_machine(machine) for name, machine in records.items()}
            if self.shared.commit(changes, self.seen):
                return len(recognised.events) + len(folded.events)
            self.refresh()


IDENTITIES = st.builds(
    Identity,
    st.sampled_from(["", U, V]),
    st.sampled_from(["", A, B, C]),
    st.lists(st.sampled_from([A, B, C]), max_size=1).map(tuple),
)
STEPS = st.tuples(st.integers(0, 1), st.booleans(), IDENTITIES, st.sampled_from(["up", "files", "other"]))


def step(identity: Identity, index: int = 0) -> tuple[int, bool, Identity, str]:
    return index, False, identity, "up"


ONE_BY_ITS_ADDRESS = [step(Identity("", C, (A,))), step(Identity(U, "", (C,))), step(Identity(U, "", (A,)))]
ONE_ADDRESS_OF_TWO = [step(Identity("", A, (C,))), step(Identity("", B, (C,)))]
SHARED_AND_TAKEN_AGAIN = [step(Identity(U, A)), step(Identity(U, B)), step(Identity(U, "", (A,)), 1)]


@settings(derandomize=True, max_examples=500, deadline=None)
@given(st.lists(STEPS, max_size=15))
@example(ONE_BY_ITS_ADDRESS)
@example(SHARED_AND_TAKEN_AGAIN)
def test_nothing_is_lost_between_two_servers(steps: list[tuple[int, bool, Identity, str]]) -> None:
    shared = Shared()
    servers = [Server(shared), Server(shared)]
    kept = 0
    for at, (index, is_fresh, identity, stage) in enumerate(steps):
        if is_fresh:
            servers[index].refresh()
        kept += servers[index].meet(identity, Event(float(at), stage, "x"), float(at))
    machines = [decode_machine(data) for _, data in shared.values.values()]
    assert sum(machine.events for machine in machines) == kept
    assert set(shared.values) == {machine.name for machine in machines}


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=15))
@example(ONE_ADDRESS_OF_TWO)
@example(SHARED_AND_TAKEN_AGAIN)
def test_what_two_servers_made_at_once_one_mends(steps: list[tuple[int, bool, Identity, str]]) -> None:
    shared = Shared()
    servers = [Server(shared), Server(shared)]
    for at, (index, is_fresh, identity, stage) in enumerate(steps):
        if is_fresh:
            servers[index].refresh()
        servers[index].meet(identity, Event(float(at), stage, "x"), float(at))
    for at in range(2):
        servers[0].refresh()
        for machine in [decode_machine(data) for _, data in shared.values.values()]:
            for mac in machine.macs:
                servers[0].meet(Identity(machine.uuid, mac), Event(float(at), "other", "x"), 100.0 + at)
                servers[0].refresh()
    machines = [decode_machine(data) for _, data in shared.values.values()]
    macs = [mac for machine in machines for mac in machine.macs]
    assert len(macs) == len(set(macs))
    assert not {each.shared_uuid for each in machines} & {each.uuid for each in machines if each.uuid and each.macs}


def test_records_are_written_together() -> None:
    register = Register()
    for identity in (Identity(U, A), Identity(U, B)):
        recognised = register.recognise(identity, 1.0)
        assert recognised is not None
        register.apply(recognised)
    assert recognised.records.keys() == {U, A, B}
    assert recognised.records[U] is None
    assert recognised.records[A] == replace(register.machines[A])
