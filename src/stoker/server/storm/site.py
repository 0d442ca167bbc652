"""A number of machines and an address go in, a directory of Matchbox's files for them comes out, to be measured with.

Each machine has a group of its own, with a list and a flag in its metadata; all have one profile and one template of
sixty lines that repeats and chooses, so that no two configs are alike.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from stoker.server.storm.scripts import simulate_machine

KERNEL_BYTES: Final = 64 << 10
INITRD_BYTES: Final = 256 << 10

TEMPLATE: Final = """\
variant: fcos
version: 1.4.0
passwd:
  users:
    - name: core
      ssh_authorized_keys:
{{- range .keys }}
        - {{ . }}
{{- end }}
storage:
  files:
    - path: /etc/hostname
      mode: 0644
      contents:
        inline: {{ .hostname }}
    - path: /etc/rack
      mode: 0644
      contents:
        inline: |
          rack={{ .rack }}
          mac={{ .request.query.mac }}
          uuid={{ .request.query.uuid }}
    - path: /etc/sysctl.d/90-node.conf
      mode: 0644
      contents:
        inline: |
          net.ipv4.ip_forward = 1
          vm.max_map_count = 262144
{{- range .disks }}
    - path: /etc/disks/{{ . }}
      mode: 0600
      contents:
        inline: |
          device=/dev/{{ . }}
          purpose=data
{{- end }}
systemd:
  units:
    - name: node.service
      enabled: true
      contents: |
        [Unit]
        Description=The work of {{ .hostname }}
        Wants=network-online.target
        After=network-online.target
        [Service]
        ExecStart=/usr/bin/env sleep infinity
        Restart=always
        RestartSec=5
        [Install]
        WantedBy=multi-user.target
{{- if .is_control }}
    - name: control.service
      enabled: true
      contents: |
        [Unit]
        Description=The control of rack {{ .rack }}
        [Service]
        Type=oneshot
        ExecStart=/usr/bin/env true
        [Install]
        WantedBy=multi-user.target
{{- end }}
"""


def write_site(directory: Path, machines: int, address: str) -> None:
    """Write groups, a profile, a template and two assets below `directory`; `address` is the server's HOST:PORT."""
    for folder in ("groups", "profiles", "ignition", "assets"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    (directory / "ignition" / "node.bu").write_text(TEMPLATE)
    (directory / "assets" / "vmlinuz").write_bytes(bytes(KERNEL_BYTES))
    (directory / "assets" / "initrd.img").write_bytes(bytes(INITRD_BYTES))
    (directory / "profiles" / "node.json").write_text(json.dumps(_profile(address), indent="\t"))
    for number in range(machines):
        (directory / "groups" / f"node-{number}.json").write_text(json.dumps(_group(number), indent="\t"))


def _profile(address: str) -> dict[str, Any]:
    config = f"http://{address}/ignition?uuid=${{uuid}}&mac=${{mac:hexhyp}}"
    arguments = ["initrd=initrd.img", "ignition.firstboot", f"ignition.config.url={config}"]
    boot = {"kernel": "/assets/vmlinuz", "initrd": ["/assets/initrd.img"], "args": arguments}
    return {"id": "node", "name": "A machine of many", "ignition_id": "node.bu", "boot": boot}


def _group(number: int) -> dict[str, Any]:
    return {
        "id": f"node-{number}",
        "profile": "node",
        "selector": {"mac": simulate_machine(number).mac},
        "metadata": {
            "hostname": f"node-{number}.example.com",
            "rack": f"r{number // 40}",
            "is_control": number % 40 < 3,
            "disks": ["sdb", "sdc"],
            "keys": [f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{number:043} node"],
        },
    }
