"""The accounts of a config: in go its groups and users, out come steps in Ignition's order: groups, users, keys."""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine.distributions import Distribution
from stoker.engine.operations import Step
from stoker.engine.operations.accounts import (
    AddGroup,
    AddUser,
    AuthorizeKeys,
    ChangeGroup,
    ChangeUser,
    RemoveGroup,
    RemoveUser,
)
from stoker.engine.operations.homes import OwnHome
from stoker.engine.past import NOTHING, Past
from stoker.schema.v3 import Config, PasswdGroup, PasswdUser
from stoker.system import GroupFields, System, UserFields

GROUPS = "files: ensureGroups"
USERS = "files: ensureUsers"
NO_PASSWORD = "*"


def plan_accounts(config: Config, system: System, distribution: Distribution, past: Past = NOTHING) -> Iterator[Step]:
    """Plan groups, users and their keys."""
    if config.passwd is None:
        return
    for index, group in enumerate(config.passwd.groups):
        yield from _plan_group(group, system, index)
    for index, user in enumerate(config.passwd.users):
        yield from _plan_user(user, system, distribution, past, index)


def _plan_group(group: PasswdGroup, system: System, index: int) -> Iterator[Step]:
    pointer = ("passwd", "groups", index)
    exists = system.accounts.group(group.name) is not None
    if group.should_exist is False:
        if exists:
            yield Step(pointer, GROUPS, RemoveGroup(group.name))
        return
    fields = GroupFields(group.name, group.gid, group.password_hash or None, bool(group.system))
    yield Step(pointer, GROUPS, ChangeGroup(fields) if exists else AddGroup(fields))


def _plan_user(user: PasswdUser, system: System, distribution: Distribution, past: Past, index: int) -> Iterator[Step]:
    pointer = ("passwd", "users", index)
    exists = system.accounts.user(user.name) is not None
    if user.should_exist is False:
        if exists:
            yield Step(pointer, USERS, RemoveUser(user.name))
        return
    fields = _user_fields(user)
    yield Step(pointer, USERS, ChangeUser(fields) if exists else AddUser(fields))
    if past.made and not user.no_create_home:
        yield Step(pointer, USERS, OwnHome(user.name, past.made))
    if user.ssh_authorized_keys:
        keys = AuthorizeKeys(user.name, tuple(user.ssh_authorized_keys), distribution.keys)
        yield Step((*pointer, "sshAuthorizedKeys"), USERS, keys)


def _user_fields(user: PasswdUser) -> UserFields:
    """What the config asks of a user: an empty text says nothing, but an empty hash forbids passwords."""
    return UserFields(
        user.name,
        uid=user.uid,
        gecos=user.gecos or None,
        home=user.home_dir or None,
        shell=user.shell or None,
        password=NO_PASSWORD if user.password_hash == "" else user.password_hash,
        primary_group=user.primary_group or None,
        groups=tuple(user.groups),
        create_home=not user.no_create_home,
        user_group=not user.no_user_group,
        system=bool(user.system),
        log_init=not user.no_log_init,
    )
