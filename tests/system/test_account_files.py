"""Account files that are missing, foreign or odd, homes, and accounts that only the image has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stoker.system import AccountFault, FileFault, GroupFields, ScratchSystem, UserFields
from stoker.system.databases import GROUP, PASSWD, Database

DEFAULTS = "USERGROUPS_ENAB yes\nUMASK 022\n"
ODD = (
    "# a comment\n\nroot:x:0:0:root:/root:/bin/sh\n+::::::\nbroken:x:not:0:::\nshort:x:1\nroot:x:7:7:again:/:/bin/no\n"
)


@pytest.fixture
def system(tmp_path: Path) -> Iterator[ScratchSystem]:
    made = ScratchSystem(tmp_path / "root", clock=lambda: 0.0)
    made.write_file("/etc/login.defs", DEFAULTS.encode())
    yield made
    made.close()


@pytest.mark.parametrize("text", [ODD, "", "\n", "no newline:x:1:1:::"], ids=["odd", "empty", "blank", "open"])
def test_what_is_not_changed_is_written_back(text: str) -> None:
    assert Database(PASSWD, text).text().rstrip("\n") == text.rstrip("\n")


def test_only_proper_entries_are_found() -> None:
    database = Database(PASSWD, ODD)
    assert [row[0] for row in database] == ["root", "root"]
    assert database.find("root") == ["root", "x", "0", "0", "root", "/root", "/bin/sh"]
    assert database.find("broken") is None
    assert not database.changed


def test_members() -> None:
    database = Database(GROUP, "wheel:x:10:a,,b\n")
    row = database.find("wheel")
    assert row is not None
    for name, is_member in (("a", True), ("c", True), ("b", False), ("nobody", False)):
        database.set_member(row, name, is_member)
    assert database.text() == "wheel:x:10:a,c\n"


def test_odd_lines_survive_a_new_user(system: ScratchSystem) -> None:
    system.write_file(PASSWD, ODD.encode() + b"\xff\xfe:x\n", mode=0o600)
    system.accounts.add_user(UserFields("test"))
    assert system.read(PASSWD) == ODD.encode() + b"\xff\xfe:x\ntest:*:1000:1000::/home/test:/bin/bash\n"
    found = system.look(PASSWD)
    assert found is not None
    assert found.mode == 0o600


def test_without_shadow_files_hashes_stand_in_the_open(system: ScratchSystem) -> None:
    system.accounts.add_group(GroupFields("web", password="hash"))
    system.accounts.add_user(UserFields("test", password="hash", user_group=False, primary_group="web"))
    system.accounts.change_user(UserFields("test", password="other"))
    system.accounts.change_group(GroupFields("web", password="other"))
    assert system.read(PASSWD) == b"test:other:1000:1000::/home/test:/bin/bash\n"
    assert system.read(GROUP) == b"web:other:1000:\n"
    assert system.list("/etc") == [".pwd.lock", "group", "login.defs", "passwd"]


def test_a_shadow_entry_that_is_missing_is_made(system: ScratchSystem) -> None:
    system.write_file(PASSWD, b"a:!:1:1::/:/bin/sh\n")
    system.write_file("/etc/shadow", b"")
    system.accounts.change_user(UserFields("a", password="hash"))
    assert system.read(PASSWD) == b"a:x:1:1::/:/bin/sh\n"
    assert system.read("/etc/shadow") == b"a:hash:0::::::\n"


def test_accounts_of_the_image_are_found_but_not_joined(system: ScratchSystem) -> None:
    system.write_file("/usr/lib/passwd", b"nobody:x:65534:65534::/:/sbin/nologin\n")
    system.write_file("/usr/lib/group", b"tty:x:5:\n")
    user, group = system.accounts.user("nobody"), system.accounts.group("tty")
    assert user is not None
    assert group is not None
    assert (user.uid, group.gid) == (65534, 5)
    with pytest.raises(AccountFault, match="group `tty` does not exist in /etc/group, only in /usr/lib/group"):
        system.accounts.add_user(UserFields("test", groups=("tty",)))


def test_a_home_is_a_copy_of_the_skeleton(system: ScratchSystem) -> None:
    system.write_file("/etc/skel/.config/deep/file", b"text", mode=0o600)
    system.link("/etc/skel/link", "/nowhere")
    system.accounts.add_user(UserFields("test", uid=1500))
    looks = {path: system.look(f"/home/test{path}") for path in ("", "/.config", "/.config/deep/file", "/link")}
    assert {path: look and (look.kind, oct(look.mode), look.uid, look.gid) for path, look in looks.items()} == {
        "": ("directory", "0o755", 1500, 1500),
        "/.config": ("directory", "0o755", 1500, 1500),
        "/.config/deep/file": ("file", "0o600", 1500, 1500),
        "/link": ("link", "0o777", 1500, 1500),
    }


def test_a_home_behind_links_is_made_where_they_lead(system: ScratchSystem) -> None:
    system.link("/home", "var/home")
    system.accounts.add_user(UserFields("test"))
    assert system.list("/var/home") == ["test"]


def test_what_belongs_to_others_stays_in_a_home_handed_over(system: ScratchSystem) -> None:
    system.accounts.add_user(UserFields("test"))
    system.write_file("/home/test/mine", b"", owner=(1000, 1000), mode=0o4755)
    system.write_file("/home/test/roots", b"")
    system.accounts.change_user(UserFields("test", uid=2000))
    mine, roots = system.look("/home/test/mine"), system.look("/home/test/roots")
    assert mine is not None
    assert roots is not None
    assert (mine.uid, mine.mode, roots.uid) == (2000, 0o4755, 0)


def test_a_home_that_is_shared_or_foreign_stays_when_its_user_goes(system: ScratchSystem) -> None:
    system.accounts.add_user(UserFields("a"))
    system.accounts.add_user(UserFields("b", home="/home/a/b"))
    system.accounts.remove_user("a")
    assert system.list("/home/a") == ["b"]
    system.set_owner("/home/a/b", 0, 0)
    system.accounts.remove_user("b")
    assert system.list("/home/a") == ["b"]


def test_a_refusal_changes_nothing(system: ScratchSystem) -> None:
    system.accounts.add_user(UserFields("a"))
    before = {path: system.read(path) for path in (PASSWD, GROUP)}
    with pytest.raises(AccountFault):
        system.accounts.add_user(UserFields("b", groups=("a", "none")))
    with pytest.raises(AccountFault):
        system.accounts.add_user(UserFields("b", uid=1000))
    assert {path: system.read(path) for path in (PASSWD, GROUP)} == before
    assert system.look("/home/b") is None


def test_account_files_behind_links_stay_where_they_are(system: ScratchSystem) -> None:
    system.write_file("/usr/share/passwd", b"old:x:5:100::/:/bin/sh\n")
    system.link(PASSWD, "../usr/share/passwd")
    system.write_file(GROUP, b"users:x:100:\n")
    system.accounts.add_user(UserFields("test", user_group=False))
    assert system.read_link(PASSWD) == "../usr/share/passwd"
    assert system.read("/usr/share/passwd") == b"old:x:5:100::/:/bin/sh\ntest:*:1000:100::/home/test:/bin/bash\n"


def test_account_files_that_are_none_hold_nothing(system: ScratchSystem) -> None:
    system.make_directory(GROUP)
    assert (system.accounts.groups(), system.accounts.group("root")) == ([], None)
    with pytest.raises(FileFault, match="is a directory"):
        system.accounts.add_group(GroupFields("web"))


@pytest.mark.parametrize("has_shadow", [True, False], ids=["shadow", "open"])
def test_passwords_are_told(system: ScratchSystem, has_shadow: bool) -> None:
    if has_shadow:
        system.write_file("/etc/shadow", b"")
        system.write_file("/etc/gshadow", b"")
    system.accounts.add_group(GroupFields("web", password="one"))
    system.accounts.add_user(UserFields("test", password="two"))
    assert (system.accounts.group_password("web"), system.accounts.password("test")) == ("one", "two")
    assert (system.accounts.group_password("none"), system.accounts.password("none")) == (None, None)


def test_a_home_may_stay(system: ScratchSystem) -> None:
    system.accounts.add_user(UserFields("test"))
    system.accounts.remove_user("test", keep_home=True)
    assert system.accounts.user("test") is None
    assert system.look("/home/test") is not None


def test_no_further_groups_is_something_to_ask(system: ScratchSystem) -> None:
    system.accounts.add_group(GroupFields("web"))
    system.accounts.add_user(UserFields("test", groups=("web",)))
    system.accounts.change_user(UserFields("test"))
    assert system.read(GROUP).startswith(b"web:!:1000:test\n")
    system.accounts.change_user(UserFields("test", only_groups=True))
    assert system.read(GROUP).startswith(b"web:!:1000:\n")
