"""What the program can be asked to do, as data: its verbs, and the names of the other projects' commands it answers to.

Nothing comes in; two tables go out. A verb's module has `add_arguments(parser)` and `run(arguments) -> int`; an
applet's has `run(arguments, program) -> int` and reads its raw arguments itself. Either is imported when asked for.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Verb(NamedTuple):
    """A row: the word, the module that does it, what it does in one line, an example that works, and its group."""

    name: str
    module: str
    summary: str
    example: str
    group: str


class Applet(NamedTuple):
    """A row: the command's own name, the module that answers for it, and what it is."""

    name: str
    module: str
    summary: str


_VERBS: Final = (
    Verb(
        "compile",
        "stoker.cli.compile",
        "turn Butane documents into Ignition configs",
        "stoker compile web.bu > web.ign",
        "Configs",
    ),
    Verb(
        "check",
        "stoker.cli.check",
        "say everything that is wrong with configs",
        "stoker check configs/",
        "Configs",
    ),
    Verb(
        "explain",
        "stoker.cli.explain",
        "show which lines of a document gave a part of its config",
        "stoker explain web.bu /etc/hostname",
        "Configs",
    ),
    Verb(
        "convert",
        "stoker.cli.convert",
        "bring Ignition and Container Linux configs to a version",
        "stoker convert --to 3.2.0 web.ign",
        "Configs",
    ),
    Verb(
        "merge",
        "stoker.cli.merge",
        "merge Ignition configs, the later over the earlier",
        "stoker merge base.ign web.ign",
        "Configs",
    ),
    Verb(
        "schema",
        "stoker.cli.schema",
        "print the JSON Schema of a variant and version, for editors",
        "stoker schema fcos 1.6.0 > fcos.json",
        "Configs",
    ),
    Verb(
        "plan",
        "stoker.cli.plan",
        "show what a config would do to a machine, and touch nothing",
        "stoker plan web.bu --inventory node1.json",
        "Machines",
    ),
    Verb(
        "inventory",
        "stoker.cli.inventory",
        "capture a machine, its disks above all, to plan for it",
        "stoker inventory -o json > node1.json",
        "Machines",
    ),
    Verb(
        "simulate",
        "stoker.cli.simulate",
        "rehearse a first boot in a tree of its own, without root",
        "stoker simulate web.bu",
        "Machines",
    ),
    Verb(
        "test",
        "stoker.cli.test",
        "hold a rehearsal of a config against what you expect of it",
        "stoker test web.test.yaml -o junit > junit.xml",
        "Machines",
    ),
    Verb(
        "apply",
        "stoker.cli.apply",
        "provision a tree by a config, as a first boot would",
        "stoker apply web.bu --root ./tree",
        "Machines",
    ),
    Verb(
        "rearm",
        "stoker.cli.rearm",
        "let the next boot be a first boot, with another config",
        "stoker rearm web.bu --allow-wipe data",
        "Machines",
    ),
    Verb(
        "serve",
        "stoker.cli.serve",
        "serve boot scripts and configs to machines",
        "stoker serve examples/matchbox",
        "Machines",
    ),
    Verb(
        "bench",
        "stoker.cli.bench",
        "rehearse a boot storm: many machines at once, timed",
        "stoker bench boot --machines 200",
        "Machines",
    ),
    Verb(
        "watch",
        "stoker.cli.watch",
        "show what happens to a server's machines, as it happens",
        "stoker watch --server http://127.0.0.1:8080 --token-file t",
        "Machines",
    ),
    Verb(
        "token",
        "stoker.cli.token",
        "let an operator, a viewer or a machine in at a server",
        "stoker token operator alice --token-file ./tokens",
        "Machines",
    ),
    Verb(
        "match",
        "stoker.cli.match",
        "say which group takes a machine, what it gets, and why",
        "stoker match --data-dir examples/matchbox --mac 52:54:00:00:00:01 --explain",
        "Machines",
    ),
    Verb(
        "machine",
        "stoker.cli.machine",
        "print the states of machines, or import machines as labels",
        "stoker machine states",
        "Machines",
    ),
    Verb(
        "backup",
        "stoker.cli.backup",
        "write what a server keeps into one archive, while it runs",
        "stoker backup stoker.tar.gz --data-dir ./site --state-dir ./state",
        "Machines",
    ),
    Verb(
        "restore",
        "stoker.cli.restore",
        "put what an archive holds into the place of a server",
        "stoker restore stoker.tar.gz --data-dir ./site --state-dir ./state",
        "Machines",
    ),
    Verb(
        "initramfs",
        "stoker.cli.initramfs",
        "make the dracut module that provisions from an initramfs",
        "stoker initramfs build ./30stoker",
        "Machines",
    ),
    Verb(
        "completion",
        "stoker.cli.completion",
        "print the completion script of a shell",
        'eval "$(stoker completion bash)"',
        "This program",
    ),
)

_APPLETS: Final = (
    Applet("butane", "stoker.cli.applets.butane", "Butane 0.29"),
    Applet("ct", "stoker.cli.applets.ct", "ct 0.9, the transpiler of Container Linux Configs"),
    Applet("fcct", "stoker.cli.applets.fcct", "fcct 0.2.0, the first Butane"),
    Applet("ignition", "stoker.cli.applets.ignition", "Ignition 2.26: the stages of a first boot"),
    Applet("ignition-apply", "stoker.cli.applets.ignition_apply", "Ignition 2.26, for the trees of containers"),
    Applet("ignition-rmcfg", "stoker.cli.applets.ignition_rmcfg", "Ignition 2.26, to take a config back from the host"),
    Applet("ignition-validate", "stoker.cli.applets.ignition_validate", "the validator of Ignition 2.26"),
    Applet("matchbox", "stoker.cli.applets.matchbox", "Matchbox 0.11, the provisioning server"),
)

VERBS: Final = {verb.name: verb for verb in _VERBS}
APPLETS: Final = {applet.name: applet for applet in _APPLETS}
