"""Three machines from a blank tree to a provisioned one, in a few seconds, on this computer alone.

It compiles an example, starts `stoker serve` on loopback with the example site, and plays three machines: each asks
as iPXE asks for its script and as Ignition asks for its config, and is provisioned into its own tree below ./demo/.
Then it says what happened. KEEP=1 leaves the server running; an argument names another directory than ./demo/.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

import stoker
from stoker.engine import DISTRIBUTIONS, Outcome, provision, summarise, summary_text
from stoker.report.native import as_text
from stoker.system import ScratchSystem

PROGRAM: Final = Path(sys.executable).with_name("stoker")
EXAMPLE: Final = Path("examples/flatcar-nginx.bu")
SITE: Final = Path("examples/matchbox")
DEMO: Final = Path(*sys.argv[1:2] or ["demo"])
PUBLISHED: Final = "127.0.0.1:8080"  # the address that the example profiles name

IPXE_HEADERS: Final = {"User-Agent": "iPXE/1.21.1"}
IGNITION_HEADERS: Final = {
    "User-Agent": "Ignition/2.26.0",
    "Accept": "application/vnd.coreos.ignition+json;version=3.6.0, */*;q=0.1",
    "Accept-Encoding": "identity",
}


class Machine(NamedTuple):
    """A simulated machine: a name for its tree, and what its firmware tells."""

    name: str
    mac: str
    uuid: str


MACHINES: Final = (
    Machine("web-1", "52:54:00:00:00:01", "6b5a1d0e-9a3c-4d5e-8f10-000000000001"),
    Machine("web-2", "52:54:00:00:00:02", "6b5a1d0e-9a3c-4d5e-8f10-000000000002"),
    Machine("logs-1", "52:54:00:00:00:03", "6b5a1d0e-9a3c-4d5e-8f10-000000000003"),
)


def main() -> int:
    """Run the demo; 0 when every machine was provisioned."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()
    if not compile_example():
        return 1
    address = free_address()
    server = start_server(address)
    succeeded: list[bool] = []
    try:
        print(f"\nserving {SITE} on http://{address}\n")
        succeeded.extend(boot(machine, address) for machine in MACHINES)
        for machine in MACHINES:
            show_timeline(machine, address)
        count = sum(succeeded)
        print(f"\n{count} of {len(MACHINES)} machines provisioned below {DEMO}/ in {time.monotonic() - began:.1f} s")
        if os.environ.get("KEEP"):
            print(f"the server stays: http://{address}/api/v1/machines (stop it by an interrupt)")
            server.wait()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT if len(succeeded) < len(MACHINES) else 0
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    return 0 if all(succeeded) else 1


def compile_example() -> bool:
    """Compile the first example, and show which lines gave one of its files."""
    text = EXAMPLE.read_bytes()
    config, report = stoker.compile(text, file=str(EXAMPLE))
    print(as_text(report, {str(EXAMPLE): text}), end="")
    if config is None:
        return False
    output = DEMO / "flatcar-nginx.ign"
    output.write_bytes(stoker.encode(config, pretty=True) + b"\n")
    print(f"{EXAMPLE} -> {output}, Ignition {config.ignition.version}\n")
    print(f"$ stoker explain {EXAMPLE} /etc/hostname", flush=True)
    return subprocess.run([PROGRAM, "explain", EXAMPLE, "/etc/hostname"], check=False).returncode == 0


def free_address() -> str:
    """An address on loopback where nobody listens: the published one if it is free."""
    for port in (int(PUBLISHED.rpartition(":")[2]), 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"127.0.0.1:{probe.getsockname()[1]}"
    raise SystemExit("demo: no port on loopback is free")


def start_server(address: str) -> subprocess.Popen[bytes]:
    """Start `stoker serve` on a copy of the example site that names `address`, and wait until it answers."""
    site = DEMO / "site"
    shutil.copytree(SITE, site)
    for profile in site.glob("profiles/*.json"):
        profile.write_text(profile.read_text().replace(PUBLISHED, address))
    log = (DEMO / "server.log").open("wb")
    tokens, token = DEMO / "tokens", DEMO / "token"
    made = [PROGRAM, "token", "viewer", "demo", "--token-file", tokens]
    token.write_bytes(subprocess.run(made, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    words = [PROGRAM, "serve", site, "--address", address, "--state-dir", DEMO / "state", "--token-file", tokens]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log)
    log.close()
    if not server.stdout or not server.stdout.readline():
        server.wait()
        raise SystemExit(f"demo: the server did not start; {DEMO}/server.log says why")
    return server


def get(url: str, headers: dict[str, str]) -> bytes:
    """Ask the server."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as response:  # noqa: S310
        body: bytes = response.read()
    return body


def boot(machine: Machine, address: str) -> bool:
    """Play one machine: its boot loader, its first boot; whether it is provisioned."""
    settings = {"uuid": machine.uuid, "mac:hexhyp": machine.mac.replace(":", "-"), "domain": "", "hostname": ""}
    chain = last_url(get(f"http://{address}/boot.ipxe", IPXE_HEADERS), "chain", settings)
    script = get(f"http://{address}/{chain}", IPXE_HEADERS)
    kernel = last_url(script, "kernel", settings)
    arguments = expand(next(line for line in script.decode().splitlines() if line.startswith("kernel")), settings)
    url = re.search(r"ignition\.config\.url=(\S+)", arguments)
    if url is None:
        raise SystemExit(f"demo: the script of {machine.name} names no config")
    config = get(url[1], IGNITION_HEADERS)
    outcome, log = first_boot(machine, config)
    report(machine, address, outcome)
    (DEMO / f"{machine.name}.log").write_text("\n".join(log) + "\n")
    with closing(ScratchSystem(DEMO / machine.name)) as system:
        text = summary_text(summarise(outcome, system))
    refused = "" if "\nrefused\n" in text else "\nrefused\n  nothing\n"
    print(f"--- {machine.name}  {machine.mac}  boots {kernel}\n{text}{refused}")
    return outcome.succeeded


def expand(text: str, settings: dict[str, str]) -> str:
    """Put iPXE's settings into a line of a script."""
    return re.sub(r"\$\{([^}:]+(?::[^}]+)?)\}", lambda found: settings.get(found[1], ""), text)


def last_url(script: bytes, command: str, settings: dict[str, str]) -> str:
    """What a command of an iPXE script loads."""
    line = next(line for line in script.decode().splitlines() if line.startswith(command))
    return expand(line, settings).split()[1]


def first_boot(machine: Machine, text: bytes) -> tuple[Outcome, list[str]]:
    """Provision the machine's tree by its config, as the engine does on first boot."""
    config, findings = stoker.parse(text, file=f"{machine.name}.ign")
    if config is None:
        raise SystemExit(as_text(findings, {f"{machine.name}.ign": text}))
    (DEMO / f"{machine.name}.ign").write_bytes(text)
    root = DEMO / machine.name
    root.mkdir()
    log: list[str] = []
    return provision(config, root, distribution=DISTRIBUTIONS["flatcar"], say=log.append), log


def report(machine: Machine, address: str, outcome: Outcome) -> None:
    """Send the machine's own events to the server, as it would from its initramfs."""
    events = [
        {"stage": event.stage, "text": event.text, "outcome": event.outcome, "at": event.at} for event in outcome.events
    ]
    events.append({"stage": "up", "text": "switched to the real root"})
    url = f"http://{address}/api/v1/machines/{machine.mac}/events"
    request = urllib.request.Request(url, data=msgspec.json.encode(events), method="POST")
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass


def show_timeline(machine: Machine, address: str) -> None:
    """Print what the server knows of the machine."""
    bearer = {"Authorization": f"Bearer {(DEMO / 'token').read_text().strip()}"}
    url = f"http://{address}/api/v1/machines/{machine.mac}/events"
    answer: dict[str, Any] = msgspec.json.decode(get(url, bearer))
    events = answer["events"]
    start = events[0]["at"]
    print(f"timeline of {machine.name}")
    for event in events:
        milliseconds = (event["at"] - start) * 1000
        print(f"  {milliseconds:6.0f} ms  {event['stage']:9} {event.get('outcome', 'done'):7} {event['text']}")


if __name__ == "__main__":
    sys.exit(main())
