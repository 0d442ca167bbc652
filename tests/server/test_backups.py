"""Backups: what is kept comes back as it was; what is no whole backup, or in the way of something, does not."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from stoker.cli.main import main
from stoker.machines import Booted, Identity, Told
from stoker.report import Event
from stoker.server.backups import read_archive, read_store
from stoker.server.behind import open_files, open_store
from stoker.server.keeper import Keeper
from stoker.server.notes import Note
from tests.server.conftest import FILES, MAC, until, write


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A server's place with files and a machine, and an archive of it that was made while it ran."""
    write(tmp_path / "data", FILES)
    with open_files(tmp_path / "data", tmp_path / "state") as behind:
        keeper = Keeper(behind.store, behind.spool, lambda _events: None, name=behind.name)
        assert keeper.wait_until_read(30)
        keeper.note(Note(Identity("", MAC), (Told(Event(1.0, "ipxe", "script")), Booted()), 1.0))
        keeper.change((), (), b'{"what": "put"}').result(30)
        until(lambda: not keeper.waiting())
        assert main(["stoker", "backup", *words(tmp_path)]) == 0
        keeper.close(30)
    return tmp_path


def words(root: Path, data: str = "data", state: str = "state") -> list[str]:
    return [str(root / "b.tar.gz"), "--data-dir", str(root / data), "--state-dir", str(root / state)]


def contents(root: Path, data: str, state: str) -> dict[str, bytes]:
    with open_store(root / data, root / state) as store:
        return {key: item.data for key, item in read_store(store).items()}


def test_what_is_kept_comes_back_as_it_was(place: Path) -> None:
    assert main(["stoker", "restore", *words(place, "new", "newstate")]) == 0
    before, after = contents(place, "data", "state"), contents(place, "new", "newstate")
    assert after == before
    assert {f"machines/{MAC}", f"events/{MAC}/0000000000000001", "audit/0000000000000001"} < set(after)
    assert set(FILES) < set(after)
    assert (place / "b.tar.gz").stat().st_mode & 0o777 == 0o600
    with tarfile.open(place / "b.tar.gz") as archive:
        assert archive.getnames()[0] == "stoker-backup.json"


def test_nothing_is_replaced_unless_that_is_asked_for(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(place / "data", {"groups/later.json": "{}"})
    assert main(["stoker", "restore", *words(place)]) == 3
    assert "items already, such as" in capfd.readouterr().err
    assert main(["stoker", "restore", *words(place), "--force"]) == 0
    assert not (place / "data/groups/later.json").exists()
    assert set(contents(place, "data", "state")) == set(read_archive(place / "b.tar.gz"))


def test_the_place_of_a_server_that_runs_is_not_touched(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with open_files(place / "data", place / "state"):
        assert main(["stoker", "restore", *words(place), "--force"]) == 1
    assert "another process uses the spool" in capfd.readouterr().err


def spoil(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "cut off":
        path.write_bytes(data[: len(data) // 2])
    elif how == "nothing":
        path.write_bytes(b"")
    elif how == "something else":
        path.write_bytes(gzip.compress(b"text"))
    elif how == "a member less":
        with tarfile.open(path) as archive:
            kept = [(each, archive.extractfile(each)) for each in archive.getmembers()[:-1]]
            with tarfile.open(path.with_suffix(".new"), "w:gz") as other:
                for member, file in kept:
                    other.addfile(member, file)
        path.with_suffix(".new").replace(path)
    else:
        with tarfile.open(path, "w:gz") as archive:
            member = tarfile.TarInfo("../outside" if how == "a way out" else "groups/link")
            member.type = tarfile.REGTYPE if how == "a way out" else tarfile.SYMTYPE
            archive.addfile(member)


@pytest.mark.parametrize("how", ["cut off", "nothing", "something else", "a member less", "a way out", "a link"])
def test_what_is_no_whole_backup_is_refused(place: Path, how: str, capfd: pytest.CaptureFixture[str]) -> None:
    spoil(place / "b.tar.gz", how)
    assert main(["stoker", "restore", *words(place, "new", "newstate")]) == 1
    assert capfd.readouterr().err.startswith("stoker: ")
    assert not (place / "new").exists()


def test_a_place_that_is_none_has_no_backup(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stoker", "backup", *words(tmp_path)]) == 1
    assert "is no directory" in capfd.readouterr().err
