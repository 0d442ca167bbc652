"""A spool of records: order, positions, bounds, and what a kill, a torn file or a full disk leave of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.store import LimitError, StoreUnavailableError
from stoker.store.segments import HEAD
from stoker.store.spool import PARTS, Spool
from tests.store.disks import small_disk


def waiting(spool: Spool) -> list[tuple[int, str]]:
    return [(position, data.decode()) for position, data in spool.read(10_000, 1 << 30)]


def fill(spool: Spool) -> None:
    for number in range(1 << 20):
        spool.append(f"{number} {'x' * 1000}".encode())


def opened_again(spool: Spool, directory: Path, max_bytes: int = 1 << 20) -> Spool:
    spool.close()
    return Spool(directory, max_bytes)


def test_records_come_out_in_order_until_they_are_acknowledged(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    assert [spool.append(each) for each in (b"a", b"", b"c", b"d")] == [1, 2, 3, 4]
    assert waiting(spool) == [(1, "a"), (2, ""), (3, "c"), (4, "d")] == waiting(spool)
    assert [each.position for each in spool.read(2)] == [1, 2]
    assert [each.position for each in spool.read(9, 0)] == [1], "one is always given, however large"
    spool.acknowledge(2)
    spool.acknowledge(1)
    assert (waiting(spool), len(spool)) == ([(3, "c"), (4, "d")], 2)
    spool = opened_again(spool, tmp_path / "s")
    assert (waiting(spool), len(spool)) == ([(3, "c"), (4, "d")], 2)
    spool.acknowledge(4)
    spool.sync()
    spool = opened_again(spool, tmp_path / "s")
    assert (waiting(spool), spool.append(b"e")) == ([], 5)
    spool.close()


def test_the_oldest_go_when_it_is_full_and_are_counted(tmp_path: Path) -> None:
    limit = PARTS * 100
    spool = Spool(tmp_path, limit)
    for number in range(1000):
        spool.append(f"{number:02}".encode())
    left = waiting(spool)
    assert left == [(number + 1, f"{number:02}") for number in range(1000 - len(left), 1000)]
    assert spool.dropped == 1000 - len(left)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert limit * 0.8 < size <= limit + 100
    spool.acknowledge(999)
    assert waiting(spool) == [(1000, "999")]
    assert len(list(tmp_path.glob("*.records"))) == 1
    spool.close()


def test_a_record_that_is_too_large_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 800)
    spool.append(bytes(92))
    with pytest.raises(LimitError, match="a record of 93 bytes, where 92 is the most"):
        spool.append(bytes(93))
    spool.close()


def test_a_tail_that_was_not_written_whole_is_cut(tmp_path: Path) -> None:
    """Each length that the last record can have been cut to, and each byte of it that can be wrong."""
    spool = Spool(tmp_path)
    spool.append(b"first")
    spool.append(b"second")
    spool.close()
    (file,) = tmp_path.glob("*.records")
    whole = file.read_bytes()
    first = HEAD.size + len(b"first")
    torn = [whole[:length] for length in range(first + 1, len(whole))]
    torn += [whole[:first] + bytes(length) for length in (1, HEAD.size, 100)]
    torn += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(first, len(whole))]
    for data in torn:
        file.write_bytes(data)
        spool = Spool(tmp_path)
        assert waiting(spool) == [(1, "first")]
        assert spool.cut == len(data) - first
        assert spool.append(b"2") == 2
        spool.close()


def test_no_position_comes_twice_though_records_were_lost(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for data in (b"a", b"b", b"c"):
        spool.append(data)
    spool.acknowledge(2)
    spool.close()
    (file,) = tmp_path.glob("*.records")
    file.write_bytes(b"")
    spool = Spool(tmp_path)
    assert spool.append(b"d") == 3
    assert waiting(spool) == [(3, "d")]
    spool.close()


def test_a_mark_that_cannot_be_read_lets_records_come_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(b"a")
    spool.acknowledge(1)
    spool.close()
    (tmp_path / "acknowledged").write_bytes(b"nonsense")
    spool = Spool(tmp_path)
    assert waiting(spool) == [(1, "a")]
    spool.close()


def test_two_processes_do_not_share_one(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(StoreUnavailableError, match="another process uses the spool"):
        Spool(tmp_path)
    spool.close()


def test_a_place_that_is_no_directory_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "odd/0000000000000001.records").mkdir(parents=True)
    for name, words in {"file": "File exists", "odd": "Is a directory"}.items():
        with pytest.raises(StoreUnavailableError, match=f"cannot use the spool `.*{name}`: {words}; check its space"):
            Spool(tmp_path / name)


def test_a_disk_that_is_full_loses_nothing_that_is_in_the_spool(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        spool = Spool(disk / "s", 64 << 20)
        with pytest.raises(StoreUnavailableError, match="No space left on device"):
            fill(spool)
        before = waiting(spool)
        assert before
        spool.acknowledge(before[len(before) // 2][0])
        spool = opened_again(spool, disk / "s", 64 << 20)
        assert waiting(spool) == before[len(before) // 2 + 1 :]
        spool.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.binary(max_size=40)),
        st.tuples(st.just("acknowledge"), st.integers(0, 6)),
        st.tuples(st.just("again"), st.none()),
    ),
    max_size=60,
)


@given(STEPS)
@settings(derandomize=True, max_examples=60, deadline=None)
def test_it_is_a_queue_that_forgets_its_oldest(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple]) -> None:  # type: ignore[type-arg]
    directory = tmp_path_factory.mktemp("spool")
    spool = Spool(directory, PARTS * 64)
    model: list[tuple[int, bytes]] = []
    last = 0
    for verb, value in steps:
        match verb:
            case "append":
                last += 1
                model.append((last, value))
                assert spool.append(value) == last
                model = model[len(model) - len(spool) :]
            case "acknowledge":
                position = model[min(value, len(model) - 1)][0] if model else 0
                model = [each for each in model if each[0] > position]
                spool.acknowledge(position)
            case _:
                spool = opened_again(spool, directory, PARTS * 64)
        assert [tuple(each) for each in spool.read(1000)] == model
        assert len(spool) == len(model)
    spool.close()


APPENDING = """
import sys
from pathlib import Path
from stoker.store.spool import Spool
spool = Spool(Path(sys.argv[1]), 8 << 20)
while True:
    position = spool.append(b"x" * 50)
    if position % 7 == 0:
        spool.acknowledge(position - 3)
    print(position, flush=True)
"""


def test_what_was_appended_outlives_a_kill(tmp_path: Path) -> None:
    acknowledged = 0
    for stop_after in (1, 50, 333):
        words = [sys.executable, "-c", APPENDING, str(tmp_path)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(stop_after):
                process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
            told = max((int(line) for line in process.stdout.read().splitlines()), default=0)
        spool = Spool(tmp_path, 8 << 20)
        positions = [position for position, _ in waiting(spool)]
        assert positions == list(range(positions[0], positions[-1] + 1))
        assert positions[-1] >= told
        assert positions[0] >= acknowledged
        acknowledged = positions[0]
        spool.close()
