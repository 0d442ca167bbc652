"""The engine's catalogue: every reason to refuse or to warn, with its code and what to do about it."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

UNIT_ELSEWHERE: Final = Message(
    "unit-elsewhere", "`{name}` is no name of a unit or drop-in: it leads to another directory", "leave out the slashes"
)

# What is already in the tree. The words after the path are Ignition's (2.27).
FILE_EXISTS: Final = Message(
    "file-exists",
    "error creating file `{path}`: a file exists there already and overwrite is false",
    "set `overwrite: true` to replace it, or leave out `contents` to keep it",
)
NOT_A_FILE: Final = Message(
    "not-a-file",
    "error creating file `{path}`: a non regular file exists there already and overwrite is false",
    "set `overwrite: true` to replace it",
)
NOT_A_DIRECTORY: Final = Message(
    "not-a-directory",
    "error creating directory `{path}`: a non-directory already exists and overwrite is false",
    "set `overwrite: true` to replace it",
)
LINK_EXISTS: Final = Message(
    "link-exists",
    "error creating symlink `{path}`: a symlink exists at that path but points to `{found}`, not `{target}`,"
    " and overwrite is false",
    "set `overwrite: true` to replace it",
)
NOT_A_LINK: Final = Message(
    "not-a-link",
    "error creating symlink `{path}`: a non-symlink already exists at that path and overwrite is false",
    "set `overwrite: true` to replace it",
)
NO_LINK_TARGET: Final = Message(
    "no-link-target",
    "error creating hard link `{path}`: target `{target}` does not exist",
    "write the target in the same config, or make a symbolic link",
)
NOT_THE_TARGET: Final = Message(
    "not-the-target",
    "error creating hard link `{path}`: a file already exists at that path but is not the target"
    " and overwrite is false",
    "set `overwrite: true` to replace it",
)
SAME_PLACE: Final = Message(
    "same-place",
    "{kind} at `{path}` resolved to `{resolved}` after symlink chasing, but another entry with path `{other}` also"
    " resolves there",
    "keep one of the two, and name it by the path without links",
)

# Owners and keys.
NO_SUCH_USER: Final = Message("no-such-user", "no such user `{name}`", "add it under `passwd.users`, or give its id")
NO_SUCH_GROUP: Final = Message(
    "no-such-group", "no such group `{name}`", "add it under `passwd.groups`, or give its id"
)
BAD_ID: Final = Message("bad-id", "{number} cannot be the id of a user or group", "ids go from 0 to 4294967294")
NO_HOME: Final = Message(
    "no-home",
    "user `{name}` has no home directory to keep ssh keys in: `{home}` does not exist",
    "let the home directory be created, or name one that exists",
)
LINK_IN_HOME: Final = Message(
    "link-in-home",
    "ssh keys of user `{name}` are not written through a link: `{path}` is one",
    "replace the link by a directory",
)

# Contents.
NEEDS_FETCH: Final = Message(
    "needs-fetch",
    "`{source}` has to be fetched, and this run reads only what the config itself holds",
    "embed the contents, or provision where the network can be reached",
)

# Other configs.
BAD_CONFIG: Final = Message("bad-config", "{reason} ({name})", "`stoker check` says what is wrong with it, and where")
TOO_DEEP: Final = Message(
    "too-many-levels", "configs name each other more than {limit} levels deep", "look for one that names itself"
)
TOO_MANY: Final = Message("too-many-configs", "more than {limit} configs are named by each other")
NEEDS_NETWORK: Final = Message("needs-network", "resource requires networking: {name}")
INVALID_TOGETHER: Final = Message(
    "invalid-together", "merging configs resulted in an invalid config", "each is valid alone: look for what both say"
)
NOT_LIVE: Final = Message(
    "not-live", "cannot apply {what} live", "leave it out, or pass `--ignore-unsupported` to do without"
)
BAD_CACHE: Final = Message("bad-cache", "failed to parse cached config: {reason}")
BAD_STATE: Final = Message("bad-state", "parsing state file: {reason}", "boot anew: it is kept for one boot only")
NO_FILE: Final = Message("no-file", "{verb} `{path}`: {reason}")
NOT_MERGED: Final = Message(
    "not-merged",
    "`ignition.config.merge` names another config, which is not read here: what it says would be missing",
    "pass `--follow` to have it fetched; or take the entry out, and merge the two first by `stoker merge`",
)
NOT_REPLACED: Final = Message(
    "not-replaced",
    "`ignition.config.replace` names another config, which is not read here: that one would count, not this one",
    "pass `--follow` to have it fetched, or apply that one instead of this one",
)

# Labels.
NO_POLICY: Final = Message(
    "no-selinux-policy",
    "didn't find SELINUXTYPE in `{path}`",
    "name the policy there, or leave the file out where there is none",
)

# What is only said.
OLD_SYSTEMD: Final = Message(
    "old-systemd",
    "The version of systemd ({version}) is less than 240. Enabling/disabling instantiated units may not work."
    " See https://github.com/coreos/ignition/issues/586 for more information.",
)
NOT_FOLLOWED: Final = Message("not-followed", 'what "{path}" names under ignition.config is left out')

# The run as a whole.
RAN_BEFORE: Final = Message(
    "ran-before",
    "this tree has been provisioned before (`{path}` exists)",
    "provisioning is meant to run once: files it wrote then are refused now unless they may be overwritten",
)
SYSTEM_FAULT: Final = Message("system-fault", "{reason}")
