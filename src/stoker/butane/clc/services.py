"""Units of the system that a section configures: etcd, flannel and Docker.

In goes the work with the document decoded; afterwards each service that the document names is enabled and has a
drop-in with its flags. Source: doc/configuration.md of the project container-linux-config-transpiler; the texts are
what its version 0.9.0 writes.
"""

from __future__ import annotations

from typing import Final

from stoker.butane.clc.dynamic import fill, is_dynamic
from stoker.butane.clc.work import Work, dropin
from stoker.report import Pointer
from stoker.schema.clc_services import Flannel, Service, edition
from stoker.schema.decode import rows
from stoker.schema.unitfiles import go_quote

_METADATA: Final = "coreos-metadata.service"
# Options of etcdctl by the row of flannel that says them.
_ETCDCTL: Final = {
    "etcd_endpoints": "endpoints",
    "etcd_cafile": "ca-file",
    "etcd_certfile": "cert-file",
    "etcd_keyfile": "key-file",
}


def lower_docker(work: Work) -> None:
    """Docker's flags go into a variable of its unit, as they are."""
    docker = work.source.docker
    if docker is not None:
        text = f'[Service]\nEnvironment="DOCKER_OPTS={" ".join(docker.flags)}"'
        lines: list[Pointer] = [("docker", "flags", index) for index in range(len(docker.flags))]
        work.add_unit(dropin("docker.service", "20-clct-docker.conf", text, enable=True), ("docker",), *lines)


def lower_etcd(work: Work) -> None:
    """Flags of etcd go to its wrapper."""
    if work.source.etcd is not None:
        text = _exec_start(work, "etcd", work.source.etcd)
        if text is not None:
            unit = dropin("etcd-member.service", "20-clct-etcd-member.conf", text, enable=True)
            work.add_unit(unit, ("etcd",), *_lines("etcd", work.source.etcd))


def lower_flannel(work: Work) -> None:
    """Flags of flannel go to its wrapper; the network is written to etcd before it starts."""
    flannel = work.source.flannel
    if flannel is not None:
        text = _exec_start(work, "flannel", flannel)
        if text is not None:
            if flannel.network_config:
                text += "\n" + _set_network(flannel)
            unit = dropin("flanneld.service", "20-clct-flannel.conf", text, enable=True)
            work.add_unit(unit, ("flannel",), *_lines("flannel", flannel))


def _lines(section: str, service: Service) -> list[Pointer]:
    """What a section says, by row."""
    said = {row.name: getattr(service, row.name) for row in rows(type(service), edition(service))}
    if not said.get("network_config"):
        said["network_config"] = None
    return [(section, name) for name, value in said.items() if value is not None] or [(section,)]


def flags_of(service: Service) -> dict[str, str]:
    """Every flag that is given, be it empty, by the row that says it; strings are quoted as Go does."""
    flags = {}
    for row in rows(type(service), edition(service)):
        value = getattr(service, row.name)
        if value is None or row.name in {"version", "network_config"}:
            continue
        name = service.FLAGS.get(row.name, row.name.replace("_", "-"))
        text = str(value).lower() if isinstance(value, bool) else go_quote(value) if isinstance(value, str) else value
        flags[row.name] = f"--{name}={text}"
    return flags


def _exec_start(work: Work, program: str, service: Service) -> str | None:
    """The drop-in that starts a program with its flags; None when they cannot be filled."""
    flags = flags_of(service)
    text, environment = "", []
    if any(map(is_dynamic, flags.values())):
        flags = fill(work, flags, (program,))
        if not flags:
            return None
        text = f"[Unit]\nRequires={_METADATA}\nAfter={_METADATA}\n\n"
        environment.append("EnvironmentFile=/run/metadata/coreos")
    variable = program.upper()
    if service.version is not None:
        environment.append(f'Environment="{variable}_IMAGE_TAG=v{service.version}"')
    start = " \\\n  ".join([f"ExecStart=/usr/lib/coreos/{program}-wrapper ${variable}_OPTS", *flags.values()])
    return text + "\n".join(["[Service]", *environment, "ExecStart=", start])


def _set_network(flannel: Flannel) -> str:
    known = {row.name for row in rows(Flannel, edition(flannel))}
    options = [
        f" --{option}={go_quote(getattr(flannel, name))}"
        for name, option in _ETCDCTL.items()
        if name in known and getattr(flannel, name) is not None
    ]
    words = f"{''.join(options)} set /coreos.com/network/config {go_quote(flannel.network_config)}"
    return f"ExecStartPre=/usr/bin/etcdctl{words}"
