"""The accounts of a config: in go its groups and users, out come steps in Ignition's order: groups, users, keys."""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine import messages
from stoker.engine.distributions import Distribution
from stoker.engine.earlier import NOTHING, Earlier
from stoker.engine.errors import Refused, entry_of
from stoker.engine.filesystems import mounted_filesystems
from stoker.engine.operations import Step
from stoker.engine.operations.accounts import (
    AccountOperation,
    AddGroup,
    AddUser,
    AuthorizeKeys,
    ChangeGroup,
    ChangeUser,
    RemoveGroup,
    RemoveUser,
)
from stoker.engine.operations.homes import OwnHome
from stoker.report import Report, Severity
from stoker.schema.v3 import Config, Passwd, PasswdGroup, PasswdUser
from stoker.system import AccountDraft, AccountFault, GroupFields, System, UserFields
from stoker.system.databases import GROUP, PASSWD, Database
from stoker.system.protocol import FILE

GROUPS = "files: ensureGroups"
USERS = "files: ensureUsers"
NO_PASSWORD = "*"


# Where the config says what is asked of an account.
_KEYS = {"uid": "uid", "gid": "gid", "home": "homeDir", "groups": "groups", "primary_group": "primaryGroup"}
# What is said when a field is to blame: the others have words enough of their own.
_MESSAGES = {
    "groups": messages.UNKNOWN_GROUP,
    "primary_group": messages.UNKNOWN_GROUP,
    "default_group": messages.NO_DEFAULT_GROUP,
}


def draft_of(system: System) -> AccountDraft | None:
    """The accounts of a machine on paper; None where it has none yet, so that nothing can be said of them."""
    known = system.look(system.resolve(PASSWD, follow=True)) and system.look(system.resolve(GROUP, follow=True))
    return AccountDraft(system) if known else None


def _damage(path: str, system: System) -> str:
    """What is wrong with a file of accounts, empty when nothing is or when it is not there: it has entries, if any."""
    place = system.resolve(path, follow=True)
    found = system.look(place)
    if found is None or (found.kind == FILE and found.size == 0):
        return ""
    if found.kind != FILE:
        return "is no file"
    entries = Database(path, system.read(place).decode(errors="surrogateescape"))
    return "" if any(True for _ in entries) else "has no account in it"


def plan_accounts(
    config: Config,
    system: System,
    distribution: Distribution,
    draft: AccountDraft | None,
    report: Report,
    earlier: Earlier = NOTHING,
) -> Iterator[Step]:
    """Plan groups, users and their keys; done on the `draft`, too, and what it refuses is said in `report`."""
    passwd = config.passwd or Passwd()
    for path in (PASSWD, GROUP):
        reason = _damage(path, system)
        if reason:
            severity = Severity.ERROR if passwd.users or passwd.groups else Severity.WARNING
            report.add(severity, messages.NO_ACCOUNTS, ("passwd",), path=path, reason=reason)
    mounts = tuple(path for _, path, _ in mounted_filesystems(config.storage))
    steps = [step for index, group in enumerate(passwd.groups) for step in _plan_group(group, system, index)]
    for index, user in enumerate(passwd.users):
        steps += _plan_user(user, system, distribution, earlier, index)
    for step in steps:
        if draft is not None:
            _try(step, system, draft, mounts, report)
        yield step


def _try(step: Step, system: System, draft: AccountDraft, mounts: tuple[str, ...], report: Report) -> None:
    """Do a step on paper, and say it when that cannot be."""
    try:
        if isinstance(step.operation, AccountOperation):
            step.operation.change(draft)
        elif isinstance(step.operation, AuthorizeKeys):
            _try_keys(step.operation, system, draft, mounts)
    except AccountFault as fault:
        key = _KEYS.get(fault.field)
        pointer = (*step.pointer, *((key,) if key else ()), *(() if fault.index is None else (fault.index,)))
        message = _MESSAGES.get(fault.field, messages.BAD_ACCOUNT)
        report.add(Severity.ERROR, message, pointer, reason=fault)
    except Refused as refusal:
        report.extend([entry_of(refusal, step.pointer)])


def _try_keys(keys: AuthorizeKeys, system: System, draft: AccountDraft, mounts: tuple[str, ...]) -> None:
    """Raise `Refused` when there will be no place for keys; what will be mounted may bring one."""
    user = draft.user(keys.name)
    if user is None or any(_are_nested(user.home, path) for path in mounts):
        return
    if draft.is_settled(user.home):
        keys.check(system, user)
    elif not draft.has_home(user.home):
        raise Refused(messages.NO_HOME, name=user.name, home=user.home)


def _are_nested(one: str, other: str) -> bool:
    """Whether one of two directories is, or is in, the other."""
    one, other = (f"{path.rstrip('/')}/" for path in (one, other))
    return one.startswith(other) or other.startswith(one)


def _plan_group(group: PasswdGroup, system: System, index: int) -> Iterator[Step]:
    pointer = ("passwd", "groups", index)
    exists = system.accounts.group(group.name) is not None
    if group.should_exist is False:
        if exists:
            yield Step(pointer, GROUPS, RemoveGroup(group.name))
        return
    fields = GroupFields(group.name, group.gid, group.password_hash or None, bool(group.system))
    yield Step(pointer, GROUPS, ChangeGroup(fields) if exists else AddGroup(fields))


def _plan_user(
    user: PasswdUser, system: System, distribution: Distribution, earlier: Earlier, index: int
) -> Iterator[Step]:
    pointer = ("passwd", "users", index)
    exists = system.accounts.user(user.name) is not None
    if user.should_exist is False:
        if exists:
            yield Step(pointer, USERS, RemoveUser(user.name))
        return
    fields = user_fields(user)
    yield Step(pointer, USERS, ChangeUser(fields) if exists else AddUser(fields))
    if earlier.made and not user.no_create_home:
        yield Step(pointer, USERS, OwnHome(user.name, earlier.made))
    if user.ssh_authorized_keys:
        keys = AuthorizeKeys(user.name, tuple(user.ssh_authorized_keys), distribution.keys)
        yield Step((*pointer, "sshAuthorizedKeys"), USERS, keys)


def user_fields(user: PasswdUser) -> UserFields:
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
