"""Accounts by editing files: a table of calls and the lines they change; the same calls made to the shadow tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stoker.system import AccountDraft, AccountFault, Accounts, GroupFields, RealSystem, ScratchSystem, UserFields

EPOCH = 1_000_000_000  # day 11574
FILES = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")

LOGIN_DEFS = """\
# a comment
UID_MIN 1000
UID_MAX 60000
SYS_UID_MIN 201
SYS_UID_MAX 999
GID_MIN 1000
GID_MAX 60000
SYS_GID_MIN 201
SYS_GID_MAX 999
SUB_UID_MIN 100000
SUB_UID_MAX 600100000
SUB_UID_COUNT 65536
SUB_GID_MIN 100000
SUB_GID_MAX 600100000
SUB_GID_COUNT 65536
PASS_MAX_DAYS 99999
PASS_MIN_DAYS 0
PASS_WARN_AGE 7
UMASK 022
HOME_MODE 0700
USERGROUPS_ENAB yes
"""
BASE = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\ncore:x:1000:1000:Core:/home/core:/bin/bash\n",
    "etc/shadow": "root:*:15887:0:99999:7:::\ncore:*:15887:0:99999:7:::\n",
    "etc/group": "root:x:0:\nwheel:x:10:core\nusers:x:100:\nsudo:x:150:core\ndocker:x:233:\ncore:x:1000:\n",
    "etc/gshadow": "root:*::\nwheel:*::core\nusers:*::\nsudo:*::core\ndocker:*::\ncore:!::\n",
    "etc/subuid": "core:100000:65536\n",
    "etc/subgid": "core:100000:65536\n",
    "etc/login.defs": LOGIN_DEFS,
    "etc/default/useradd": "GROUP=100\nHOME=/home\nSHELL=/bin/bash\nSKEL=/etc/skel\n",
    "etc/skel/.bashrc": "# interactive\n",
    "home/core/notes": "mine\n",
}

Call = tuple[str, UserFields | GroupFields | str]


def user(name: str, **fields: object) -> UserFields:
    return UserFields(name, **fields)  # type: ignore[arg-type]


def group(name: str, **fields: object) -> GroupFields:
    return GroupFields(name, **fields)  # type: ignore[arg-type]


# id -> (calls, lines of the account files that are new or gone, or why it is refused)
CASES: dict[str, tuple[list[Call], list[str] | str]] = {
    "add a user": (
        [("add_user", user("test"))],
        [
            "+group: test:x:1001:",
            "+gshadow: test:!::",
            "+passwd: test:x:1001:1001::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "two users": (
        [("add_user", user("a")), ("add_user", user("b"))],
        [
            "+group: a:x:1001:",
            "+group: b:x:1002:",
            "+gshadow: a:!::",
            "+gshadow: b:!::",
            "+passwd: a:x:1001:1001::/home/a:/bin/bash",
            "+passwd: b:x:1002:1002::/home/b:/bin/bash",
            "+shadow: a:*:11574:0:99999:7:::",
            "+shadow: b:*:11574:0:99999:7:::",
            "+subgid: a:165536:65536",
            "+subgid: b:231072:65536",
            "+subuid: a:165536:65536",
            "+subuid: b:231072:65536",
        ],
    ),
    "own uid": (
        [("add_user", user("test", uid=2000))],
        [
            "+group: test:x:2000:",
            "+gshadow: test:!::",
            "+passwd: test:x:2000:2000::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "uid above the range": (
        [("add_user", user("test", uid=70000))],
        [
            "+group: test:x:1001:",
            "+gshadow: test:!::",
            "+passwd: test:x:70000:1001::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
        ],
    ),
    "uid below the range": (
        [("add_user", user("test", uid=600))],
        [
            "+group: test:x:1001:",
            "+gshadow: test:!::",
            "+passwd: test:x:600:1001::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
        ],
    ),
    "uid taken": ([("add_user", user("test", uid=1000))], "belongs to another"),
    "next uid is above the highest": (
        [("add_user", user("a", uid=3000)), ("add_user", user("b"))],
        [
            "+group: a:x:3000:",
            "+group: b:x:3001:",
            "+gshadow: a:!::",
            "+gshadow: b:!::",
            "+passwd: a:x:3000:3000::/home/a:/bin/bash",
            "+passwd: b:x:3001:3001::/home/b:/bin/bash",
            "+shadow: a:*:11574:0:99999:7:::",
            "+shadow: b:*:11574:0:99999:7:::",
            "+subgid: a:165536:65536",
            "+subgid: b:231072:65536",
            "+subuid: a:165536:65536",
            "+subuid: b:231072:65536",
        ],
    ),
    "gap is used when the highest is the last": (
        [("add_user", user("a", uid=60000)), ("add_user", user("b"))],
        [
            "+group: a:x:60000:",
            "+group: b:x:1001:",
            "+gshadow: a:!::",
            "+gshadow: b:!::",
            "+passwd: a:x:60000:60000::/home/a:/bin/bash",
            "+passwd: b:x:1001:1001::/home/b:/bin/bash",
            "+shadow: a:*:11574:0:99999:7:::",
            "+shadow: b:*:11574:0:99999:7:::",
            "+subgid: a:165536:65536",
            "+subgid: b:231072:65536",
            "+subuid: a:165536:65536",
            "+subuid: b:231072:65536",
        ],
    ),
    "system user": (
        [("add_user", user("sys", system=True))],
        [
            "+group: sys:x:999:",
            "+gshadow: sys:!::",
            "+passwd: sys:x:999:999::/home/sys:/bin/bash",
            "+shadow: sys:*:11574::::::",
        ],
    ),
    "two system users": (
        [("add_user", user("a", system=True)), ("add_user", user("b", system=True))],
        [
            "+group: a:x:999:",
            "+group: b:x:998:",
            "+gshadow: a:!::",
            "+gshadow: b:!::",
            "+passwd: a:x:999:999::/home/a:/bin/bash",
            "+passwd: b:x:998:998::/home/b:/bin/bash",
            "+shadow: a:*:11574::::::",
            "+shadow: b:*:11574::::::",
        ],
    ),
    "system user without home": (
        [("add_user", user("sys", system=True, create_home=False))],
        [
            "+group: sys:x:999:",
            "+gshadow: sys:!::",
            "+passwd: sys:x:999:999::/home/sys:/bin/bash",
            "+shadow: sys:*:11574::::::",
        ],
    ),
    "no home": (
        [("add_user", user("test", create_home=False))],
        [
            "+group: test:x:1001:",
            "+gshadow: test:!::",
            "+passwd: test:x:1001:1001::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "home elsewhere": (
        [("add_user", user("test", home="/srv/deep/test"))],
        [
            "+group: test:x:1001:",
            "+gshadow: test:!::",
            "+passwd: test:x:1001:1001::/srv/deep/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "home exists": (
        [("add_user", user("test", home="/home/core"))],
        [
            "+group: test:x:1001:",
            "+gshadow: test:!::",
            "+passwd: test:x:1001:1001::/home/core:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "password": (
        [("add_user", user("test", password="$6$salt$hash"))],
        [
            "+group: test:x:1001:",
            "+gshadow: test:!::",
            "+passwd: test:x:1001:1001::/home/test:/bin/bash",
            "+shadow: test:$6$salt$hash:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "gecos and shell": (
        [("add_user", user("test", gecos="A Test", shell="/bin/zsh"))],
        [
            "+group: test:x:1001:",
            "+gshadow: test:!::",
            "+passwd: test:x:1001:1001:A Test:/home/test:/bin/zsh",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "no user group": (
        [("add_user", user("test", user_group=False))],
        [
            "+passwd: test:x:1001:100::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "primary group by name": (
        [("add_user", user("test", primary_group="docker"))],
        [
            "+passwd: test:x:1001:233::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "primary group by number": (
        [("add_user", user("test", primary_group="233"))],
        [
            "+passwd: test:x:1001:233::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "primary group missing": ([("add_user", user("test", primary_group="nope"))], "does not exist"),
    "further groups": (
        [("add_user", user("test", groups=("docker", "wheel")))],
        [
            "+group: docker:x:233:test",
            "+group: test:x:1001:",
            "+group: wheel:x:10:core,test",
            "+gshadow: docker:*::test",
            "+gshadow: test:!::",
            "+gshadow: wheel:*::core,test",
            "+passwd: test:x:1001:1001::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
            "-group: docker:x:233:",
            "-group: wheel:x:10:core",
            "-gshadow: docker:*::",
            "-gshadow: wheel:*::core",
        ],
    ),
    "further group by its id": (
        [("add_user", user("test", groups=("150",)))],
        [
            "+group: sudo:x:150:core,test",
            "+group: test:x:1001:",
            "+gshadow: sudo:*::core,test",
            "+gshadow: test:!::",
            "+passwd: test:x:1001:1001::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
            "-group: sudo:x:150:core",
            "-gshadow: sudo:*::core",
        ],
    ),
    "further group missing": ([("add_user", user("test", groups=("docker", "nope")))], "does not exist"),
    "own group is taken": ([("add_user", user("docker"))], "exists already"),
    "group id of the user is taken": (
        [("add_group", group("web", gid=1001)), ("add_user", user("test"))],
        [
            "+group: test:x:1002:",
            "+group: web:x:1001:",
            "+gshadow: test:!::",
            "+gshadow: web:!::",
            "+passwd: test:x:1001:1002::/home/test:/bin/bash",
            "+shadow: test:*:11574:0:99999:7:::",
            "+subgid: test:165536:65536",
            "+subuid: test:165536:65536",
        ],
    ),
    "user exists": ([("add_user", user("core"))], "already exists"),
    "name is a number of options": ([("add_user", user("-x"))], "cannot be the name"),
    "name with a colon": ([("add_user", user("a:b"))], "cannot be the name"),
    "gecos with a colon": ([("add_user", user("test", gecos="a:b"))], "colon"),
    "gecos with a line break": ([("add_user", user("test", gecos="a\nroot::0:0::/:/bin/sh"))], "control character"),
    "shell is relative": ([("add_user", user("test", shell="bash"))], "absolute"),
    "change nothing": ([("change_user", user("core"))], []),
    "change password": (
        [("change_user", user("core", password="$6$salt$hash"))],
        [
            "+shadow: core:$6$salt$hash:11574:0:99999:7:::",
            "-shadow: core:*:15887:0:99999:7:::",
        ],
    ),
    "change gecos and shell": (
        [("change_user", user("core", gecos="New", shell="/bin/sh"))],
        [
            "+passwd: core:x:1000:1000:New:/home/core:/bin/sh",
            "-passwd: core:x:1000:1000:Core:/home/core:/bin/bash",
        ],
    ),
    "change further groups": (
        [("change_user", user("core", groups=("docker", "sudo")))],
        [
            "+group: docker:x:233:core",
            "+group: wheel:x:10:",
            "+gshadow: docker:*::core",
            "+gshadow: wheel:*::",
            "-group: docker:x:233:",
            "-group: wheel:x:10:core",
            "-gshadow: docker:*::",
            "-gshadow: wheel:*::core",
        ],
    ),
    "change uid": (
        [("change_user", user("core", uid=2000))],
        [
            "+passwd: core:x:2000:1000:Core:/home/core:/bin/bash",
            "-passwd: core:x:1000:1000:Core:/home/core:/bin/bash",
        ],
    ),
    "change primary group": (
        [("change_user", user("core", primary_group="docker"))],
        [
            "+passwd: core:x:1000:233:Core:/home/core:/bin/bash",
            "-passwd: core:x:1000:1000:Core:/home/core:/bin/bash",
        ],
    ),
    "change home": (
        [("change_user", user("core", home="/home/moved"))],
        [
            "+passwd: core:x:1000:1000:Core:/home/moved:/bin/bash",
            "-passwd: core:x:1000:1000:Core:/home/core:/bin/bash",
        ],
    ),
    "change home to one that exists": ([("change_user", user("core", home="/etc/skel"))], "exists already"),
    "change uid to one taken": ([("change_user", user("core", uid=0))], "belongs to another"),
    "add a group": (
        [("add_group", group("web"))],
        [
            "+group: web:x:1001:",
            "+gshadow: web:!::",
        ],
    ),
    "group with id and password": (
        [("add_group", group("web", gid=500, password="hash"))],
        [
            "+group: web:x:500:",
            "+gshadow: web:hash::",
        ],
    ),
    "system groups": (
        [("add_group", group("a", system=True)), ("add_group", group("b", system=True))],
        [
            "+group: a:x:232:",
            "+group: b:x:231:",
            "+gshadow: a:!::",
            "+gshadow: b:!::",
        ],
    ),
    "group id taken": ([("add_group", group("web", gid=233))], "belongs to another"),
    "change group id": (
        [("change_group", group("core", gid=1500))],
        [
            "+group: core:x:1500:",
            "+passwd: core:x:1000:1500:Core:/home/core:/bin/bash",
            "-group: core:x:1000:",
            "-passwd: core:x:1000:1000:Core:/home/core:/bin/bash",
        ],
    ),
    "change group password": (
        [("change_group", group("docker", password="hash"))],
        [
            "+gshadow: docker:hash::",
            "-gshadow: docker:*::",
        ],
    ),
    "change group id to one taken": ([("change_group", group("core", gid=10))], "belongs to another"),
    "remove a group": (
        [("remove_group", "docker")],
        [
            "-group: docker:x:233:",
            "-gshadow: docker:*::",
        ],
    ),
    "remove a primary group": ([("remove_group", "core")], "primary group"),
    "remove a user": (
        [("remove_user", "core")],
        [
            "+group: sudo:x:150:",
            "+group: wheel:x:10:",
            "+gshadow: sudo:*::",
            "+gshadow: wheel:*::",
            "-group: core:x:1000:",
            "-group: sudo:x:150:core",
            "-group: wheel:x:10:core",
            "-gshadow: core:!::",
            "-gshadow: sudo:*::core",
            "-gshadow: wheel:*::core",
            "-passwd: core:x:1000:1000:Core:/home/core:/bin/bash",
            "-shadow: core:*:15887:0:99999:7:::",
            "-subgid: core:100000:65536",
            "-subuid: core:100000:65536",
        ],
    ),
    "remove and add again": (
        [("remove_user", "core"), ("add_user", user("core"))],
        [
            "+group: sudo:x:150:",
            "+group: wheel:x:10:",
            "+gshadow: sudo:*::",
            "+gshadow: wheel:*::",
            "+passwd: core:x:1000:1000::/home/core:/bin/bash",
            "+shadow: core:*:11574:0:99999:7:::",
            "-group: sudo:x:150:core",
            "-group: wheel:x:10:core",
            "-gshadow: sudo:*::core",
            "-gshadow: wheel:*::core",
            "-passwd: core:x:1000:1000:Core:/home/core:/bin/bash",
            "-shadow: core:*:15887:0:99999:7:::",
        ],
    ),
}


def lay(root: Path) -> None:
    for name, text in BASE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if os.geteuid() == 0:
        for path in (root / "home/core", root / "home/core/notes"):
            os.chown(path, 1000, 1000)


def lines(root: Path) -> set[str]:
    return {f"{name}: {line}" for name in FILES for line in (root / "etc" / name).read_text().splitlines()}


def changes(root: Path, before: set[str]) -> list[str]:
    after = lines(root)
    return sorted([f"+{line}" for line in after - before] + [f"-{line}" for line in before - after])


def perform(accounts: Accounts, calls: list[Call]) -> None:
    for verb, argument in calls:
        getattr(accounts, verb)(argument)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    lay(tmp_path / "tree")
    return tmp_path / "tree"


@pytest.mark.parametrize(("calls", "expected"), CASES.values(), ids=CASES)
def test_lines(tree: Path, calls: list[Call], expected: list[str] | str) -> None:
    before = lines(tree)
    system = ScratchSystem(tree, clock=lambda: EPOCH)
    system.set_owner("/home/core", 1000, 1000)
    system.set_owner("/home/core/notes", 1000, 1000)
    if isinstance(expected, str):
        with pytest.raises(AccountFault, match=expected):
            perform(system.accounts, calls)
    else:
        perform(system.accounts, calls)
        assert changes(tree, before) == expected
    system.close()


@pytest.mark.parametrize(("calls", "expected"), CASES.values(), ids=CASES)
def test_on_paper(tree: Path, calls: list[Call], expected: list[str] | str) -> None:
    """A draft refuses what the accounts would, answers as they would afterwards, and writes nothing."""
    with closing(ScratchSystem(tree, clock=lambda: EPOCH)) as system:
        system.set_owner("/home/core", 1000, 1000)
        before = contents(tree)
        draft = AccountDraft(system)
        if isinstance(expected, str):
            with pytest.raises(AccountFault, match=expected):
                perform(draft, calls)
            assert contents(tree) == before
            return
        perform(draft, calls)
        assert contents(tree) == before
        perform(system.accounts, calls)
        assert draft.users() == system.accounts.users()
        assert draft.groups() == system.accounts.groups()
        homes = {home: system.look(home) is not None for home in ["/home/core", *(one.home for one in draft.users())]}
        assert {home: draft.has_home(home) for home in homes} == homes


# The same calls, made to Debian's tools.


def user_arguments(fields: UserFields, is_new: bool) -> Iterator[str]:
    if is_new:
        if fields.home:
            yield from ("--home-dir", fields.home)
        yield "--create-home" if fields.create_home else "--no-create-home"
        if not fields.user_group:
            yield "--no-user-group"
        if fields.system:
            yield "--system"
        yield from ("--password", fields.password or "*")
    else:
        if fields.home:
            yield from ("--home", fields.home, "--move-home")
        if fields.password is not None:
            yield from ("--password", fields.password)
    if fields.uid is not None:
        yield from ("--uid", str(fields.uid))
    for option, value in (("--comment", fields.gecos), ("--gid", fields.primary_group)):
        if value:
            yield from (option, value)
    if fields.groups:
        yield from ("--groups", ",".join(fields.groups))
    if fields.shell:
        yield from ("--shell", fields.shell)
    yield fields.name


def group_arguments(fields: GroupFields, is_new: bool) -> Iterator[str]:
    if fields.gid is not None:
        yield from ("--gid", str(fields.gid))
    if fields.password:
        yield from ("--password", fields.password)
    if is_new and fields.system:
        yield "--system"
    yield fields.name


TOOLS: dict[str, Callable[..., list[str]]] = {
    "add_user": lambda fields: ["useradd", *user_arguments(fields, True)],
    "change_user": lambda fields: ["usermod", *user_arguments(fields, False)],
    "remove_user": lambda name: ["userdel", "--remove", name],
    "add_group": lambda fields: ["groupadd", *group_arguments(fields, True)],
    "change_group": lambda fields: ["groupmod", *group_arguments(fields, False)],
    "remove_group": lambda name: ["groupdel", name],
}


def contents(root: Path) -> dict[str, tuple[object, ...]]:
    """Every path with mode, owner and bytes, but for locks and the copies that the tools keep."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if not name.endswith(("-", ".lock")):
            look = path.lstat()
            text = path.read_text() if path.is_file() else ""
            found[name] = (oct(look.st_mode), look.st_uid, look.st_gid, text)
    return found


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("useradd"), reason="needs root and the shadow tools")
@pytest.mark.parametrize(("calls", "expected"), CASES.values(), ids=CASES)
def test_like_the_shadow_tools(tmp_path: Path, calls: list[Call], expected: list[str] | str) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for root in (ours, theirs):
        lay(root)
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(EPOCH), "LC_ALL": "C"}
    failed = ""
    for verb, argument in calls:
        tool, *arguments = TOOLS[verb](argument)
        done = subprocess.run(
            [tool, "--root", str(theirs), *arguments], env=environment, capture_output=True, text=True, check=False
        )
        failed = failed or (done.stderr if done.returncode else "")
    if isinstance(expected, str):
        assert failed
        return
    assert not failed
    system = RealSystem(ours, clock=lambda: EPOCH)
    perform(system.accounts, calls)
    system.close()
    assert contents(ours) == contents(theirs)
