"""The steady reading of groups, users and their keys; see `engine.steady`.

Comes in: a config and what it is laid over. Goes out: the steps that are still to be done, and for what the config no
longer names, those that put it back.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stoker.engine.accounts import GROUPS, NO_PASSWORD, USERS, user_fields
from stoker.engine.before import ABSENT, UNKNOWN, Before
from stoker.engine.distributions import KEYS_FRAGMENT, Distribution
from stoker.engine.ground import Ground
from stoker.engine.operations import Operation, Step
from stoker.engine.operations.accounts import (
    AddGroup,
    AddUser,
    AuthorizeKeys,
    ChangeGroup,
    ChangeUser,
    RemoveGroup,
    RemoveUser,
)
from stoker.engine.record import GroupRecord, UserRecord
from stoker.report import Pointer
from stoker.schema.v3 import Config, Passwd, PasswdGroup, PasswdUser
from stoker.system import GroupFields, System, UserFields, homes

FIELDS = ("uid", "gecos", "home", "shell", "password", "primary_group", "groups")


def plan_steady_accounts(config: Config, ground: Ground, distribution: Distribution) -> Iterator[Step]:
    """Plan groups, users and their keys; first what goes, users before their groups."""
    passwd = config.passwd or Passwd()
    groups = [step for index, group in enumerate(passwd.groups) for step in _group(group, index, ground)]
    users = [step for index, user in enumerate(passwd.users) for step in _user(user, index, ground, distribution)]
    yield from _dropped_users(ground)
    yield from _dropped_groups(ground)
    yield from groups
    yield from users


def _group(group: PasswdGroup, index: int, ground: Ground) -> Iterator[Step]:
    pointer = ("passwd", "groups", index)
    found = ground.system.accounts.group(group.name)
    if group.should_exist is False:
        if found is not None:
            yield Step(pointer, GROUPS, RemoveGroup(group.name))
        return
    known = ground.record.groups.get(group.name) or GroupRecord(None if found is None else found.gid)
    ground.groups[group.name] = known
    gid = known.before if group.gid is None else group.gid
    fields = GroupFields(group.name, gid, group.password_hash or None, bool(group.system))
    yield from _unless_done(ChangeGroup(fields) if found else AddGroup(fields), pointer, GROUPS, ground)


def _user(user: PasswdUser, index: int, ground: Ground, distribution: Distribution) -> Iterator[Step]:
    pointer = ("passwd", "users", index)
    accounts = ground.system.accounts
    if user.should_exist is False:
        if accounts.user(user.name) is not None:
            yield Step(pointer, USERS, RemoveUser(user.name))
        return
    asked = user_fields(user)
    said = tuple(name for name in FIELDS if getattr(asked, name) not in {None, ()})
    before = _as_it_is(user.name, ground.system)
    known = ground.record.users.get(user.name) or UserRecord(before)
    ground.users[user.name] = UserRecord(known.before, said)
    fields = _laid_over(asked, said, known)
    yield from _unless_done(ChangeUser(fields) if before else AddUser(fields), pointer, USERS, ground)
    if user.ssh_authorized_keys:
        keys = AuthorizeKeys(user.name, tuple(user.ssh_authorized_keys), distribution.keys)
        home = fields.home or (before and before.home) or homes.home_of(ground.system, fields)
        yield from _keys(keys, home, (*pointer, "sshAuthorizedKeys"), ground)


def _keys(keys: AuthorizeKeys, home: str, pointer: Pointer, ground: Ground) -> Iterator[Step]:
    """Keys replace what is in their file; a fragment of ours cannot have been there before any config."""
    path = ground.system.resolve(f"{home.rstrip('/')}/{keys.file}")
    done = ground.is_done(keys, pointer)
    if ground.is_known(path) or not done:
        past = ground.past(path, replaced=not done)
    else:
        past = ABSENT if keys.file == KEYS_FRAGMENT else Before(UNKNOWN)
    ground.note(path, past)
    if not done:
        yield Step(pointer, USERS, keys)


def _dropped_users(ground: Ground) -> Iterator[Step]:
    """Users that the config no longer names. A home directory may hold what people need, so it stays."""
    for name, known in ground.record.users.items():
        if name in ground.users or ground.system.accounts.user(name) is None:
            continue
        if known.before is None:
            yield Step((), USERS, RemoveUser(name, keep_home=True))
        else:
            fields = _laid_over(UserFields(name), (), known)
            yield from _unless_done(ChangeUser(fields), (), USERS, ground)


def _dropped_groups(ground: Ground) -> Iterator[Step]:
    """Groups that the config no longer names. One that goes with its user needs no step."""
    for name, known in ground.record.groups.items():
        if name in ground.groups or ground.system.accounts.group(name) is None:
            continue
        if known.before is not None:
            yield from _unless_done(ChangeGroup(GroupFields(name, known.before)), (), GROUPS, ground)
        elif name not in ground.record.users or name in ground.users:
            yield Step((), GROUPS, RemoveGroup(name))


def _laid_over(asked: UserFields, said: tuple[str, ...], known: UserRecord) -> UserFields:
    """What is asked of a user, and for what an earlier config asked and this one does not, what was there before.

    A user that an earlier config added had nothing before: no further groups, and no password.
    """
    before = known.before or UserFields(asked.name, password=NO_PASSWORD)
    dropped = {name: getattr(before, name) for name in known.said if name not in said}
    only_groups = "groups" in said or "groups" in dropped
    return msgspec.structs.replace(asked, **dropped, only_groups=only_groups)


def _as_it_is(name: str, system: System) -> UserFields | None:
    """A user with all of its fields, None where there is none."""
    user = system.accounts.user(name)
    if user is None:
        return None
    return UserFields(
        name,
        uid=user.uid,
        gecos=user.gecos,
        home=user.home,
        shell=user.shell,
        password=system.accounts.password(name),
        primary_group=str(user.gid),
        groups=tuple(group.name for group in system.accounts.groups() if name in group.members),
    )


def _unless_done(operation: Operation, pointer: Pointer, trail: str, ground: Ground) -> Iterator[Step]:
    if not ground.is_done(operation, pointer):
        yield Step(pointer, trail, operation)
