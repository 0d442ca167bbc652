"""A real server on loopback with a few files and tokens, and machines that boot from it as machines do: by requests."""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode

from tests.server.conftest import write

OPERATOR: Final = "the-token-of-an-operator"
VIEWER: Final = "the-token-of-a-viewer"
SECONDS: Final = 30

TEMPLATE: Final = """variant: flatcar
version: 1.1.0
# A web server, with a disk of its own for what it serves.
storage:
  disks:
    - device: /dev/vdb
      wipe_table: true
      partitions:
        - label: data
  files:
    - path: /etc/hostname
      contents:
        inline: {{.request.query.hostname}}
    - path: /etc/nginx/nginx.conf
      contents:
        inline: |
          server { listen 80; }
systemd:
  units:
    - name: nginx.service
      enabled: true
      contents: |
        [Service]
        ExecStart=/usr/bin/docker run --rm --network host nginx:1.27
        [Install]
        WantedBy=multi-user.target
"""
FILES: Final = {
    "groups/web.json": '{"id": "web", "name": "Web servers", "profile": "flatcar", "metadata": {"secret": "canary"}}',
    "groups/lab.json": '{"id": "lab", "profile": "nothing", "selector": {"region": "lab", "rack": "r1"}}',
    "profiles/flatcar.json": json.dumps(
        {
            "id": "flatcar",
            "name": "Flatcar with nginx",
            "ignition_id": "web.bu",
            "boot": {"kernel": "/assets/vmlinuz", "initrd": ["/assets/initrd"], "args": ["console=ttyS0"]},
        }
    ),
    "ignition/web.bu": TEMPLATE,
    "ignition/bad.bu": "variant: flatcar\nversion: 1.1.0\n{{if}}\n",
}
LOG: Final = tuple(f'files: op({number}): [started]  writing file "/sysroot/etc/{number}"' for number in range(1, 31))


def mac(number: int) -> str:
    return f"52:54:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def token_line(role: str, token: str, name: str = "") -> str:
    return f"{role} {name or role} sha256:{hashlib.sha256(token.encode()).hexdigest()}\n"


class Served:
    """The server of a directory; entered, it runs."""

    def __init__(self, root: Path, files: Mapping[str, str] = FILES, certificates: Path | None = None) -> None:
        """Serve what is below `root`; over TLS with `server.crt` and `server.key` of a directory of certificates."""
        self.root = root
        self.certificates = certificates
        self.port = 0
        write(root / "data", dict(files))
        write(root, {"tokens": token_line("operator", OPERATOR) + token_line("viewer", VIEWER)})
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        return f"http{'s' if self.certificates else ''}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; once more, at the same port."""
        command = [sys.executable, "-m", "stoker", "serve", "--quiet", "--address", f"127.0.0.1:{self.port}"]
        command += ["--state-dir", str(self.root / "state"), "--token-file", str(self.root / "tokens")]
        if self.certificates is not None:
            command += ["--web-cert-file", str(self.certificates / "server.crt")]
            command += ["--web-key-file", str(self.certificates / "server.key")]
        with (self.root / "log").open("a") as log:
            self.process = subprocess.Popen(
                [*command, str(self.root / "data")], stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.root / "log").read_text()
        self.port = int(line.rpartition(":")[2])

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=SECONDS)
            self.process = None

    def ask(self, method: str, target: str, body: Any = None, token: str = "") -> bytes:
        """What the server answers to a machine."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        connection.request(method, target, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def tell(self, number: int, stage: str, text: str, outcome: str = "done", **more: Any) -> None:
        """Report an event, as the machine; an operator vouches for it."""
        event = {"stage": stage, "text": text[:2000], "outcome": outcome, **more}
        self.ask("POST", f"/api/v1/machines/{mac(number)}/events", event, OPERATOR)

    def boot(self, number: int, name: str, state: str, **labels: str) -> None:
        """Boot a machine from the network until it is in a state."""
        query = {"mac": mac(number), "hostname": f"{name}.example.org", "rack": f"r{number}", "region": "west"} | labels
        self.ask("GET", f"/ipxe?{urlencode(query)}")
        config = self.ask("GET", f"/ignition?{urlencode(query)}")
        digest = hashlib.sha512(config).hexdigest()
        self.tell(number, "disks", "disks: 4 operations done", milliseconds=1830.0, digest=digest)
        if state == "failed":
            pointer = ["storage", "files", 1]
            what = "write file `/etc/nginx/nginx.conf`: no space left on device"
            self.tell(number, "files", what, "failed", pointer=pointer, digest=digest)
            for line in LOG:
                self.tell(number, "files", line, "log")
        if state == "up":
            self.tell(number, "files", "files: 9 operations done", milliseconds=84.0)
            self.tell(number, "up", "up and running")

    def boot_many(self, count: int) -> None:
        """Let many machines be up, with no more requests than that takes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        for number in range(1, count + 1):
            labels = {"mac": mac(number), "hostname": f"web-{number}.example.org", "rack": f"r{number % 40}"}
            connection.request("GET", f"/ipxe?{urlencode(labels)}")
            connection.getresponse().read()
            event = json.dumps({"stage": "up", "text": "up and running Flatcar 4230.2.3"})
            connection.request("POST", f"/api/v1/machines/{mac(number)}/events", event)
            connection.getresponse().read()
        connection.close()
