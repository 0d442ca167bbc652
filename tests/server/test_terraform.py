"""What terraform-provider-matchbox 0.5.4 does, played in its order against a real server: apply to destroy.

The provider creates, reads and deletes; every change of a resource is a deletion and a creation. A resource that cannot
be read, for whatever reason, is taken for gone and is made anew. It never lists and never selects. The transcript has
each call with its answer, what is on the disk after each command, and what the machine is then given.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from tests.server.operators import Served, call

GOLDEN = Path(__file__).parent / "golden" / "terraform.txt"

# Resources as the provider's state has them, by address, in the order in which they depend on one another.
State = dict[str, dict[str, Any]]
CONFIG: State = {
    "profile.flatcar": {
        "name": "flatcar",
        "kernel": "/assets/flatcar/vmlinuz",
        "initrd": ["/assets/flatcar/initrd.cpio.gz"],
        "args": ["flatcar.first_boot=yes", "ignition.config.url=http://m/ignition?mac=${mac:hexhyp}&x=<y>"],
        "container_linux_config": "variant: flatcar\nversion: 1.0.0\n"
        "storage: {files: [{path: /etc/hostname, contents: {inline: '{{.name}}'}}]}\n",
    },
    "profile.raw": {
        "name": "raw",
        "raw_ignition": '{"ignition":{"version":"3.3.0"}}',
        "generic_config": "key={{.request.raw_query}}\n",
    },
    "group.node1": {
        "name": "node1",
        "profile": "flatcar",
        "selector": {"mac": "52:54:00:a1:9c:ae"},
        "metadata": {"name": "node1.example.com", "keys": "ssh-ed25519 A&B"},
    },
    "group.default": {"name": "default", "profile": "raw"},
}


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def decode(data: str) -> str:
    return base64.b64decode(data).decode()


class Transcript:
    """Calls the server and writes down what was said; configs and metadata as text."""

    def __init__(self, served: Served, channel: grpc.Channel) -> None:
        self.served = served
        self.channel = channel
        self.lines: list[str] = []

    def call(self, name: str, /, **request: Any) -> dict[str, Any]:
        self.lines.append(f"{name} {readable(request)}")
        try:
            answer = call(self.channel, name, **request)
        except grpc.RpcError as error:
            words = error.details().replace(str(self.served.data), "DATA")
            self.lines.append(f"    {error.code().name}: {words}")
            raise
        self.lines.append(f"    {readable(answer)}")
        return answer

    def command(self, name: str) -> None:
        self.lines += [*([""] if self.lines else []), f"== terraform {name}"]

    def look(self) -> None:
        """Write down the files, and what the machine is given over HTTP."""
        data = self.served.data
        for path in sorted(path for path in data.rglob("*") if path.is_file()):
            text = path.read_text()
            self.lines += [f"-- {path.relative_to(data)}", *(f"   | {line}".rstrip() for line in text.split("\n"))]
        for target in ("ipxe", "ignition"):
            url = f"{self.served.url}/{target}?mac=52-54-00-a1-9c-ae"
            try:
                with urllib.request.urlopen(url, timeout=30) as response:
                    text = response.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    text = f"{error.code}: {json.load(error)['detail']}"
            self.lines += [f"-- GET /{target}", *(f"   | {line}" for line in text.rstrip("\n").split("\n"))]


def readable(message: dict[str, Any]) -> str:
    def plain(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: plain(each, name) for name, each in value.items()}
        return decode(value) if key in {"config", "metadata"} else value

    return json.dumps(plain(message), ensure_ascii=False)


def ignition_name(profile: dict[str, Any]) -> tuple[str, str]:
    """The name and the text of a profile's config."""
    for field, suffix in (("container_linux_config", ".yaml.tmpl"), ("raw_ignition", ".ign")):
        if field in profile:
            return profile["name"] + suffix, profile[field]
    return "", ""


def create_profile(wire: Transcript, given: dict[str, Any]) -> None:
    name, config = ignition_name(given)
    generic = given["name"] if "generic_config" in given else ""
    boot = {key: given[key] for key in ("kernel", "initrd", "args") if given.get(key)}
    wire.call("ProfilePut", profile={"id": given["name"], "ignition_id": name, "boot": boot, "generic_id": generic})
    if config:
        wire.call("IgnitionPut", name=name, config=encode(config))
    if generic:
        wire.call("GenericPut", name=generic, config=encode(given["generic_config"]))


def read_profile(wire: Transcript, known: dict[str, Any]) -> dict[str, Any]:
    profile = wire.call("ProfileGet", id=known["name"])["profile"]
    found = {"name": known["name"], **profile["boot"]}  # without `boot` the provider crashes
    if name := profile.get("ignition_id"):
        field = "raw_ignition" if name.endswith((".ign", ".ignition")) else "container_linux_config"
        found[field] = decode(wire.call("IgnitionGet", name=name)["config"])
    if name := profile.get("generic_id"):
        found["generic_config"] = decode(wire.call("GenericGet", name=name)["config"])
    return found


def delete_profile(wire: Transcript, known: dict[str, Any]) -> None:
    wire.call("ProfileDelete", id=known["name"])
    if name := ignition_name(known)[0]:
        wire.call("IgnitionDelete", name=name)
    if "generic_config" in known:
        wire.call("GenericDelete", name=known["name"])


def create_group(wire: Transcript, given: dict[str, Any]) -> None:
    metadata = encode(json.dumps(given.get("metadata", {}), separators=(",", ":"), sort_keys=True))
    group = {"id": given["name"], "profile": given["profile"], "metadata": metadata}
    wire.call("GroupPut", group={**group, "selector": given.get("selector", {})})


def read_group(wire: Transcript, known: dict[str, Any]) -> dict[str, Any]:
    group = wire.call("GroupGet", id=known["name"])["group"]
    metadata = json.loads(decode(group["metadata"])) if group.get("metadata") else {}
    assert all(isinstance(value, str) for value in metadata.values()), "the provider reads a map of strings"
    found = {
        "name": known["name"],
        "profile": group["profile"],
        "selector": group.get("selector"),
        "metadata": metadata,
    }
    return {key: value for key, value in found.items() if value}


def delete_group(wire: Transcript, known: dict[str, Any]) -> None:
    wire.call("GroupDelete", id=known["name"])


Action = Callable[[Transcript, dict[str, Any]], Any]
KINDS: dict[str, tuple[Action, Action, Action]] = {
    "profile": (create_profile, read_profile, delete_profile),
    "group": (create_group, read_group, delete_group),
}


def refresh(wire: Transcript, state: State) -> State:
    """The state as the server has it: what cannot be read is gone."""
    found: State = {}
    for address, known in state.items():
        try:
            found[address] = KINDS[address.partition(".")[0]][1](wire, known)
        except grpc.RpcError:
            continue
    return found


def apply(wire: Transcript, state: State, wanted: State) -> State:
    """Refresh, then take away what is other than wanted, last made first, then make what is not there."""
    found = refresh(wire, state)
    for address in [*reversed(found)]:
        if found[address] != wanted.get(address):
            KINDS[address.partition(".")[0]][2](wire, found.pop(address))
    for address, given in wanted.items():
        if address not in found:
            KINDS[address.partition(".")[0]][0](wire, given)
    return {address: dict(given) for address, given in wanted.items()}


def test_apply_plan_change_repair_destroy(operated: Served) -> None:
    changed = json.loads(json.dumps(CONFIG))
    changed["profile.flatcar"]["args"].append("console=ttyS0")
    changed["group.node1"]["metadata"]["name"] = "renamed.example.com"
    with operated.channel() as channel:
        wire = Transcript(operated, channel)
        wire.command("apply")
        state = apply(wire, {}, CONFIG)
        wire.look()
        wire.command("plan: no changes")
        assert refresh(wire, state) == CONFIG
        wire.command("apply, with two resources changed")
        state = apply(wire, state, changed)
        wire.look()
        wire.command("apply, after a group and a config were lost")
        (operated.data / "groups/node1.json").unlink()
        (operated.data / "ignition/raw.ign").unlink()
        state = apply(wire, state, changed)
        wire.look()
        wire.command("plan: no changes")
        assert refresh(wire, state) == changed
        wire.command("destroy")
        apply(wire, state, {})
        wire.look()
    left = sorted(path.name for path in operated.data.rglob("*"))
    assert left == ["generic", "groups", "ignition", "profiles"]
    assert "\n".join([*wire.lines, ""]) == GOLDEN.read_text()
