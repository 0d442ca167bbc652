"""What is special about files and SQLite: kills, full and damaged disks, people who edit, processes side by side."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from stoker.store import Append, Condition, ConflictError, Delete, Directory, Put, StoreUnavailableError
from stoker.store.database import Clock
from stoker.store.filestore import FileStore
from stoker.store.filewatch import FileWatch
from stoker.store.limits import MAX_BYTES
from stoker.store.notices import Notices
from tests.store.disks import small_disk
from tests.store.places import FILES, Seen, texts


def open_store(root: Path, clock: Clock | None = None) -> FileStore:
    (root / "data").mkdir(exist_ok=True)
    return FileStore(root / "data", FILES, root / "store.db", clock)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def all_texts(store: FileStore) -> dict[str, str]:
    return {key: text for folder in (*FILES, "t") for key, text in texts(store.scan(folder).items.values()).items()}


OLD = {"texts/a": "old", "texts/b": "old", "t/a": "old", "t/b": "old"}
NEW = {"texts/a": "new", "more/sub/c": "new", "t/a": "new", "t/c": "new"}

# In a process of its own, each commit dies one step later: a statement of SQL, or a call that opens, renames or removes
# a file. It ends with the step at which one returned.
COMMITTING = """
import os, signal, sys
from pathlib import Path
from stoker.store import Delete, Put
from stoker.store.filestore import FileStore
from tests.store.places import FILES

def commit(root, last):
    store = FileStore(root / "data", FILES, root / "store.db")
    steps = 0

    def step(event, *_):
        nonlocal steps
        is_other_event = isinstance(event, str) and " " not in event and event.partition(".")[0] not in {"open", "os"}
        steps += not is_other_event
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    puts = [Put(key, b"new") for key in ("texts/a", "more/sub/c", "t/a", "t/c")]
    store._database._connection.set_trace_callback(step)
    sys.addaudithook(step)
    store.commit([*puts, Delete("texts/b"), Delete("t/b")])
    os._exit(0)

for number in range(int(sys.argv[2]), 100):
    process = os.fork()
    if not process:
        commit(Path(sys.argv[1].format(number)), number)
    if os.waitpid(process, 0)[1] == 0:
        print(number)
        break
"""


def commit_and_die(root: str, first: int = 1) -> int:
    """Below a root for each step, `{}` in its name; the step with which a commit returned."""
    words = [sys.executable, "-c", COMMITTING, root, str(first)]
    run = subprocess.run(words, capture_output=True, check=False)
    assert not run.stderr, run.stderr.decode()
    return int(run.stdout)


def test_a_commit_over_files_and_database_is_whole_or_nothing_whenever_it_is_killed(tmp_path: Path) -> None:
    for step in range(1, 60):
        (tmp_path / str(step)).mkdir()
        before = open_store(tmp_path / str(step))
        before.commit([Put(key, text.encode()) for key, text in OLD.items()])
        before.close()
    last = commit_and_die(f"{tmp_path}/{{}}")
    found = []
    for step in range(1, last + 1):
        after = open_store(tmp_path / str(step))
        found.append(all_texts(after))
        after.close()
        assert_nothing_is_left_over(tmp_path / str(step))
    decided = found.index(NEW)
    assert found == [OLD] * decided + [NEW] * (last - decided), "once it is decided, it stays"
    assert decided > 10
    assert last - decided > 5


def assert_nothing_is_left_over(root: Path) -> None:
    for path in left_over(root):
        os.utime(path, (0, 0))
    open_store(root).close()
    assert list(left_over(root)) == []


def left_over(root: Path) -> Iterable[Path]:
    return (root / "data").rglob(".stoker-*")


def test_who_has_the_store_open_finishes_what_another_left(tmp_path: Path) -> None:
    """Whatever the step, what is told is never half of it."""
    store = open_store(tmp_path)
    seen = Seen()
    store.watch([*FILES, "t"], seen)
    store.commit([Put(key, text.encode()) for key, text in OLD.items()])
    seen.wait_for(OLD)
    commit_and_die(str(tmp_path))
    seen.wait_for(NEW)
    assert all_texts(store) == NEW
    assert all(state in ({}, OLD, NEW) for state in seen.states)
    store.close()


def test_a_full_disk_is_a_fault_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        store = open_store(disk)
        written: set[int] = set()
        with pytest.raises(StoreUnavailableError, match=r"full|No space left|disk I/O") as caught:
            fill(store, written)
        assert "nothing was changed" in str(caught.value)
        assert written
        for folder in ("t", "texts"):
            assert set(store.scan(folder).items) == {f"{folder}/{number}" for number in written}
        assert list(left_over(disk)) == []
        (disk / "data/texts/0").unlink()
        (disk / "data/texts/1").unlink()
        store.commit([Put("t/small", b"1")])
        store.close()
        store = open_store(disk)
        assert store.get("t/small") is not None
        store.close()


def fill(store: FileStore, written: set[int]) -> None:
    for number in range(1000):
        store.commit([Put(f"t/{number}", bytes(50_000)), Put(f"texts/{number}", bytes(50_000))])
        written.add(number)


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()


def damaged(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executemany("INSERT INTO items VALUES (?, ?, 1, NULL)", [(f"t/{n}", bytes(900)) for n in range(99)])
    connection.close()
    data = bytearray(path.read_bytes())
    data[3 * 4096 :: 7] = bytes(len(data[3 * 4096 :: 7]))
    path.write_bytes(data)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


UNSOUND = {
    "not a database": (garbage, "it is no database; restore it from a backup, or move it away to start empty"),
    "of another program": (foreign, "is a database of another program; name another file"),
    "of a newer version": (newer, "has schema 2 of a newer version, and this one knows 1; install the newer"),
    "damaged": (damaged, "restore it from a backup, or move it away to start empty"),
    "a folder": (folder, "Is a directory; check its owner and mode"),
}


@pytest.mark.parametrize(("spoil", "words"), UNSOUND.values(), ids=UNSOUND)
def test_a_file_that_is_not_sound_is_not_opened(spoil: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    if spoil is not foreign:
        open_store(tmp_path).close()
    spoil(path)
    with pytest.raises(StoreUnavailableError) as caught:
        open_store(tmp_path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_a_database_that_another_process_holds_is_a_fault_in_the_end(store: FileStore, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._database._connection.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(StoreUnavailableError, match="another process has been writing for 5 s, nothing was changed"):
        store.commit([Put("t/a", b"1"), Put("texts/a", b"1")])
    other.execute("ROLLBACK")
    other.close()
    assert all_texts(store) == {}
    assert list(left_over(tmp_path)) == []
    store.commit([Put("t/a", b"1")])


def test_the_database_is_nobody_elses_business(store: FileStore, tmp_path: Path) -> None:
    store.commit([Put("t/a", b"1")])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("store.db*")}
    assert modes == {"store.db": 0o600, "store.db-shm": 0o600, "store.db-wal": 0o600}


def test_a_lease_of_an_earlier_boot_is_over(tmp_path: Path) -> None:
    for boot, time in (("first", 5000.0), ("second", 10.0)):
        store = open_store(tmp_path, Clock(lambda time=time: time, boot))  # type: ignore[misc]
        lease = store.lease("boss", boot, 60)
        assert lease.acquire()
        store.commit([Put(f"t/{boot}", b"1", lease)])
        again = open_store(tmp_path, Clock(lambda time=time: time + 59, boot))  # type: ignore[misc]
        assert not again.lease("boss", "x", 60).acquire()
        assert list(again.scan("t").items) == [f"t/{boot}"]
        again.close()
        store.close()


def test_a_person_edits_and_the_watch_tells(store: FileStore, tmp_path: Path) -> None:
    data, seen = tmp_path / "data", Seen()
    store.watch(FILES, seen)
    seen.wait_for({})
    (data / "texts/new/deep").mkdir(parents=True)
    (data / "texts/new/deep/a").write_text("1")
    seen.wait_for({"texts/new/deep/a": "1"})
    (data / "texts/new/deep/a").write_text("2")
    seen.wait_for({"texts/new/deep/a": "2"})
    (data / "more").mkdir()
    (data / "texts/new").rename(data / "more/old")
    seen.wait_for({"more/old/deep/a": "2"})
    item = store.get("more/old/deep/a")
    assert item is not None
    (data / "more/old/deep/a").write_text("3")
    with pytest.raises(ConflictError):
        store.commit([Delete("more/old/deep/a")], [Condition(item.key, item.revision)])
    seen.wait_for({"more/old/deep/a": "3"})


def test_a_burst_of_changes_is_told_at_once(store: FileStore, tmp_path: Path) -> None:
    seen = Seen()
    store.watch(FILES, seen)
    seen.wait_for({})
    (tmp_path / "data/texts").mkdir()
    for number in range(400):
        (tmp_path / f"data/texts/{number}").write_text("x")
    seen.wait(lambda: len(seen.items) == 400 and all(item.data for item in seen.items.values()))
    assert len(seen.updates) <= 40


def test_what_cannot_be_read_is_told_as_long_as_it_is_so(store: FileStore, tmp_path: Path) -> None:
    seen = Seen()
    store.commit([Put("texts/a", b"1")])
    store.watch(FILES, seen)
    seen.wait_for({"texts/a": "1"})
    os.truncate(tmp_path / "data/texts/a", MAX_BYTES + 1)
    seen.wait(lambda: len(seen.updates[-1].report) == 1)
    assert seen.texts() == {"texts/a": "1"}, "the last version that could be read stays"
    with pytest.raises(StoreUnavailableError, match="cannot read all of `texts`: `texts/a` has 1048577 bytes"):
        store.scan("texts")
    store.commit([Put("texts/b", b"2")])
    seen.wait_for({"texts/a": "1", "texts/b": "2"})
    assert len(seen.updates[-1].report) == 1
    (tmp_path / "data/texts/a").unlink()
    seen.wait(lambda: len(seen.updates[-1].report) == 0)


class Deaf(Notices):
    """As where the kernel gives no notices."""

    def watch(self, folders: Iterable[Path]) -> None:
        self.is_complete = False


def test_without_notices_of_the_kernel_it_looks_by_itself(store: FileStore, tmp_path: Path) -> None:
    seen = Seen()
    directory = Directory(tmp_path / "data", FILES)
    watch = FileWatch(directory, store._database, ["t"], lambda: None, seen, Deaf())
    seen.wait_for({})
    (tmp_path / "data/texts").mkdir()
    (tmp_path / "data/texts/a").write_text("1")
    seen.wait_for({"texts/a": "1"})
    store.commit([Put("t/a", b"1")])
    seen.wait_for({"texts/a": "1", "t/a": "1"})
    watch.close()


def test_a_watch_says_why_it_is_behind(store: FileStore, tmp_path: Path) -> None:
    seen = Seen()
    watch = store.watch(FILES, seen)
    store.commit([Put("texts/a", b"1")])
    seen.wait_for({"texts/a": "1"})
    (tmp_path / "data").rename(tmp_path / "away")
    while not watch.trouble:
        watch.wake()
    assert "is not a directory that can be read" in watch.trouble
    (tmp_path / "away").rename(tmp_path / "data")
    (tmp_path / "data/texts/a").write_text("2")
    seen.wait_for({"texts/a": "2"})
    while watch.trouble:
        watch.wake()


WRITING = """
import sys
from pathlib import Path
from stoker.store import Append
from stoker.store.filestore import FileStore
store = FileStore(Path(sys.argv[1]) / "data", (), Path(sys.argv[1]) / "store.db")
for number in range(50):
    store.commit([Append("t/ring", (f"{sys.argv[2]} {number}".encode(),), 1000)])
"""


def test_processes_write_side_by_side(store: FileStore, tmp_path: Path) -> None:
    seen = Seen()
    store.watch(["t"], seen)
    writers = [subprocess.Popen([sys.executable, "-c", WRITING, str(tmp_path), name]) for name in "xyz"]
    store.commit([Append("t/ring", (b"own",), 1000)])
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    found = list(texts(store.scan("t").items.values()).values())
    assert sorted(found) == sorted(["own", *(f"{name} {number}" for name in "xyz" for number in range(50))])
    seen.wait(lambda: len(seen.items) == 151)
