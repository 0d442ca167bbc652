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
BARRED: Final = Message(
    "barred-by-a-file",
    "`{path}` cannot be made: `{parent}` is no directory",
    "replace it by a directory with `overwrite: true`, or choose another path",
)
ROOT_STAYS: Final = Message(
    "root-overwritten", "the root directory cannot be overwritten", "leave out `overwrite`, or name what is below it"
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

# What systemd says of units in a rehearsal.
UNIT_COMPLAINT: Final = Message("unit-complaint", "systemd on {where}: {text}")
UNIT_REFUSED: Final = Message(
    "unit-refused",
    "systemd does not start {where}: {text}",
    "`systemd-analyze verify` tells more, on the tree that `--keep` keeps",
)

UNIT_NOT_HERE: Final = Message(
    "unit-not-here",
    "`{unit}` is enabled, but has no contents in this config: only a machine whose image has it starts it",
    "give it `contents`, or look for it on such a machine: `systemctl cat {unit}`",
)

# Owners and keys.
NO_SUCH_USER: Final = Message("no-such-user", "no such user `{name}`", "add it under `passwd.users`, or give its id")
NO_SUCH_GROUP: Final = Message(
    "no-such-group", "no such group `{name}`", "add it under `passwd.groups`, or give its id"
)
BAD_ACCOUNT: Final = Message("bad-account", "{reason}")
UNKNOWN_GROUP: Final = Message("unknown-group", "{reason}", "add it under `passwd.groups`, or leave it out")
NO_DEFAULT_GROUP: Final = Message(
    "unknown-group",
    "{reason}",
    "name one by `primary_group`, or let `/etc/login.defs` of the root say `USERGROUPS_ENAB yes`: one for each user",
)
BAD_ID: Final = Message("bad-id", "{number} cannot be the id of a user or group", "ids go from 0 to 4294967294")
NO_ACCOUNTS: Final = Message(
    "no-accounts",
    "`{path}` {reason}: none of the accounts of this tree is known",
    "look at what wrote it, and put the file of the system back",
)
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
NO_CACHE: Final = Message(
    "no-cache",
    "open `{path}`: no such file or directory",
    "the stage `fetch` leaves the config there: run it first, or name the file that it left by `-config-cache`",
)
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

# Kernel arguments.
NO_KARGS_HELPER: Final = Message(
    "no-kernel-argument-helper",
    "{reason}",
    "the initramfs has no `{name}`, which is the distribution's own: install one that has it, or take"
    " `kernel_arguments` out of the config",
)

# Labels.
NO_POLICY: Final = Message(
    "no-selinux-policy",
    "didn't find SELINUXTYPE in `{path}`",
    "name the policy there, or leave the file out where there is none",
)

# What a plan is made for.
FILES_UNKNOWN: Final = Message(
    "files-unknown",
    "{what} does not tell which files are there: whether one of the config is there already is not known",
    "`--root` plans for a tree, or for the machine that it is run on: `--root /`",
)
OTHER_DISTRIBUTION: Final = Message(
    "other-distribution",
    "the config is written for {meant}, and planned for {found}: their paths and accounts differ",
    "write it in the variant of that one; or say that it is meant so, by `--distribution {name}`",
)
ALLOWED_IN_VAIN: Final = Message(
    "allowed-in-vain",
    "`--allow-wipe {label}` allows nothing: nothing that would be lost is called that",
    "what would be lost: {names}",
)
OLD_NOT_DONE: Final = Message(
    "old-not-done",
    "the config that the machine has could not have made its disks: {reason}",
    "name the config that it was made by, and an inventory of before or after that",
)
OTHER_RECORD: Final = Message(
    "other-record",
    "the record of this machine is of another config than the old one that was named: the plan stands on the record",
    "name the config that was applied last",
)
NO_INVENTORY: Final = Message(
    "no-inventory", "it is no inventory: {reason}", "`stoker inventory -o json` on the machine writes one"
)
INVENTORY_VERSION: Final = Message(
    "inventory-version",
    "it is an inventory of version {found}, and only {known} is known",
    "take it anew with the `stoker` that reads it",
)

# Arming a first boot anew.
NO_BOOT_FILES: Final = Message(
    "no-boot-files",
    "there is no `{directory}`, where {title} looks for what a first boot needs",
    "mount it: on the machine itself it should be a file system of its own",
)
NOT_MOUNTED: Final = Message(
    "not-mounted",
    "`{directory}` is no file system of its own: what is written there the boot loader does not see",
    "mount the file system that belongs there",
)
OTHER_CONFIG: Final = Message(
    "other-config",
    "{what} names a config already, and that one would count",
    "take it away first, or change it instead",
)
ARMED_ALREADY: Final = Message("armed-already", "a first boot is armed already: `{path}` exists")
NO_PRESETS: Final = Message(
    "no-presets",
    "units are enabled by presets, which systemd reads only where `/etc/machine-id` does not exist",
    "remove it before the machine boots, and the machine gets another id; or enable the units by hand afterwards",
)
NO_PROFILE: Final = Message(
    "no-first-boot", "{title} has no first boot that could be armed again", "`stoker apply` provisions a tree"
)

# What a person expects of a rehearsal.
NOT_AS_EXPECTED: Final = Message("not-as-expected", "{what}: {reason}")
DECIMAL_EXPECTED: Final = Message(
    "not-as-expected", NOT_AS_EXPECTED.text, "write `mode: 0{mode}`: without its zero a number is decimal"
)
NOT_A_MAPPING: Final = Message("expected-mapping", "{what} is a mapping: keys with values")
NOT_A_LIST: Final = Message("expected-list", "{what} is a list")
UNKNOWN_KEY: Final = Message("unknown-expectation", "there is no `{key}` {where}", "known are: {known}")
TWICE: Final = Message("expected-twice", "`{key}` stands here already", "keep one of the two")
NO_SUBJECT: Final = Message(
    "no-subject", "this expectation does not say what it is about", "begin it with one of these: {known}"
)
TWO_SUBJECTS: Final = Message(
    "two-subjects", "this expectation is about `{one}` and `{other}`", "make two of it, each with a dash of its own"
)
WRONG_VALUE: Final = Message("wrong-expectation", "`{key}` should be {wanted}")
A_CONFIG: Final = Message(
    "expected-expectations",
    "this is a config, and what is expected of one stands in a file of its own",
    "write a file with `config:`, the path of this one, and `expect:`, a list such as `- file: /etc/hostname`",
)
NO_CONFIG_NAMED: Final = Message("no-config-named", "this does not say which config is tested", "add `config: web.bu`")
NOTHING_EXPECTED: Final = Message("nothing-expected", "nothing is expected", "add a list `expect`")
TOO_MANY_EXPECTED: Final = Message("too-many-expectations", "more than {most} {what}", "make several files of it")
# What is only said.
OLD_SYSTEMD: Final = Message(
    "old-systemd",
    "The version of systemd ({version}) is less than 240. Enabling/disabling instantiated units may not work."
    " See https://github.com/coreos/ignition/issues/586 for more information.",
)
NOT_FOLLOWED: Final = Message("not-followed", 'what "{path}" names under ignition.config is left out')

# The run as a whole.
DATA_LOSS: Final = Message("data-loss", "data would be lost: {what}", "allow it by `--allow-wipe {label}`")
RAN_BEFORE: Final = Message(
    "ran-before",
    "this tree has been provisioned before (`{path}` exists)",
    "provisioning is meant to run once: files it wrote then are refused now unless they may be overwritten",
)
STAGE_FAILED: Final = Message("stage-failed", "{reason}")
SYSTEM_FAULT: Final = Message("system-fault", "{reason}")

# The journal: what was there before, and putting it back.
HALF_DONE: Final = Message(
    "half-done",
    "an earlier run was cut off before it had done all of its work: what it had changed is put back first",
    "nothing has to be done; the end is the same as if it had never been begun",
)
NO_JOURNAL: Final = Message(
    "no-journal",
    "no journal can be kept: {reason}",
    "should this run be cut off, the next one may refuse files that it wrote",
)
NOT_EMPTY: Final = Message(
    "not-empty",
    "`{path}` is left as it is: it was not there before, but holds what this change did not put there",
    "look at what is in it, and remove it by hand if nobody needs it",
)
NOT_KEPT: Final = Message(
    "not-kept",
    "`{path}` is left as it is: what was there before could not be kept",
    "compare it with the config by hand",
)
BASE_UNKNOWN: Final = Message(
    "base-unknown",
    "nobody knows what `{path}` was before it was appended to: a first boot did that, and left no record",
    "give it `contents`, or put it back by hand",
)
NO_SUCH_UNIT: Final = Message(
    "no-such-unit",
    "unit `{name}` cannot be enabled: there is no such unit",
    "give it `contents`, or install what brings it",
)
FULL_DIRECTORY: Final = Message(
    "full-directory",
    "`{path}` is a directory, and what is in it was not put there by a config: it is not replaced",
    "remove it by hand if nobody needs what is in it",
)
LINK_TURNS: Final = Message(
    "link-turns",
    "`{path}` leads through the link `{link}`, which is about to change",
    "make two changes: the link first, and what leads through it then",
)
CHANGED_SINCE: Final = Message(
    "changed-since",
    "`{path}` had been changed again since: that is lost",
    "look whether it has to be made once more",
)
UNCONFIRMED: Final = Message(
    "unconfirmed",
    "the last change of this machine has neither been confirmed nor undone",
    "confirm it, or undo it; then this one can be made",
)
BROKEN_JOURNAL: Final = Message(
    "broken-journal",
    "`{path}` is no journal of a change: line {line} cannot be read ({reason})",
    "what was changed cannot be put back by it; look at it, and remove it when the machine is as it shall be",
)
BROKEN_RECORD: Final = Message(
    "broken-record",
    "`{path}` is no record of an applied config: {reason}",
    "put it back from a copy; without it nobody knows what was there before",
)
TOO_MUCH_TO_KEEP: Final = Message(
    "too-much-to-keep",
    "`{path}` is not changed: with what was there, more than {limit} bytes would have to be kept to undo it",
    "move it elsewhere by hand, or make room by confirming the last change",
)
TOO_MANY_TO_KEEP: Final = Message(
    "too-many-to-keep",
    "`{path}` is not changed: there is more below it than can be kept to undo it ({most} names, {deepest} deep)",
    "move it elsewhere by hand",
)
CANNOT_BE_KEPT: Final = Message(
    "cannot-be-kept",
    "`{path}` is not changed: it is neither file, directory nor link, and could not be put back",
    "remove it by hand",
)
ODD_NAME: Final = Message(
    "odd-name",
    "`{path}` is not changed: a name or link in it is not UTF-8 and could not be written down to undo it",
    "rename it by hand",
)
CHANGED_MEANWHILE: Final = Message(
    "changed-meanwhile",
    "`{path}` is not changed: somebody else writes to it",
    "stop what writes to it, and try again",
)
