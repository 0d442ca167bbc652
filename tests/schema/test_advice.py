"""What `stoker check` says of a config that the language allows: each rule, where it points, and when it is silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.butane.review import review_butane, review_ignition
from stoker.schema.unitfiles import Option, read_options

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def butane(body: str, variant: str = "fcos", version: str = "1.5.0") -> list[str]:
    """The codes found in a document, each with its line in `body`."""
    text = f"variant: {variant}\nversion: {version}\n{body}"
    report = review_butane(text.encode(), file="a.bu").report
    return [f"{entry.code}:{entry.place.line - 2 if entry.place else 0}" for entry in report]


def files(*paths: str) -> str:
    return "storage:\n  files:\n" + "".join(f"    - path: {path}\n" for path in paths)


# variant, path -> codes; the path is on line 3
PATHS = {
    "/usr of ostree": ("fcos 1.5.0", "/usr/bin/x", ["read-only-path:3"]),
    "/usr of Flatcar": ("flatcar 1.1.0", "/usr/share/x", ["read-only-path:3"]),
    "/usr/local of ostree leads to /var": ("fcos 1.5.0", "/usr/local/bin/x", []),
    "/usr/local of Flatcar does not": ("flatcar 1.1.0", "/usr/local/bin/x", ["read-only-path:3"]),
    "links into /usr": ("fcos 1.5.0", "/lib/modules/x", ["read-only-path:3"]),
    "a name that only begins so": ("fcos 1.5.0", "/var/usr", []),
    "sysroot": ("fcos 1.5.0", "/sysroot/x", ["read-only-path:3"]),
    "sysroot of Flatcar": ("flatcar 1.1.0", "/sysroot/x", []),
    "in memory": ("flatcar 1.1.0", "/run/x", ["volatile-path:3"]),
    "beside the others in the root": ("fcos 1.5.0", "/data/x", ["immutable-root:3"]),
    "Flatcar's root is writable": ("flatcar 1.1.0", "/data/x", []),
    "what leads to /var": ("fcos 1.5.0", "/opt/bin/x", []),
    "settings": ("r4e 1.1.0", "/etc/x", []),
}


@pytest.mark.parametrize(("spec", "path", "codes"), PATHS.values(), ids=PATHS)
def test_paths(spec: str, path: str, codes: list[str]) -> None:
    assert butane(files(path), *spec.split(" ")) == codes


def test_what_is_mounted_may_be_written() -> None:
    mounted = "  filesystems:\n    - {path: /data, device: /dev/vdb, format: xfs}\n"
    assert butane(files("/data/x") + mounted) == []


def test_an_ignition_config_names_no_system() -> None:
    paths = b'{"path":"/usr/x"},{"path":"/usr/local/x"},{"path":"/data"}'
    text = b'{"ignition":{"version":"3.4.0"},"storage":{"files":[' + paths + b"]}}"
    assert [(entry.code, entry.pointer) for entry in review_ignition(text, file="a.ign").report] == [
        ("read-only-path", ("storage", "files", 0, "path"))
    ]


# `UNIT` enabled with these lines, then the rest of the document -> codes with lines; [Unit] is on line 6
UNIT = "systemd:\n  units:\n    - name: a.service\n      enabled: true\n      contents: |\n"
INSTALL = ["[Install]", "WantedBy=multi-user.target"]
SCRIPT = "storage:\n  files:\n    - path: /opt/s\n      contents:\n        inline: |\n"

UNITS = {
    "joins on every boot": (["[Service]", "ExecStart=/usr/bin/kubeadm join x"], "After", ["runs-every-boot:7"]),
    "joins once": (["ConditionPathExists=!/x", "[Service]", "ExecStart=/usr/bin/kubeadm join x"], "After", []),
    "joins on the first boot": (
        ["ConditionFirstBoot=yes", "[Service]", "ExecStart=/usr/bin/kubeadm join x"],
        "After",
        [],
    ),
    "leaves when it stops": (["[Service]", "ExecStop=/usr/bin/kubeadm reset -f"], "", []),
    "wants but does not wait": (["Wants=network-online.target", "[Service]"], "", ["wants-without-after:6"]),
    "needs the network": (["[Service]", "ExecStart=/usr/bin/curl x"], "", ["no-network-order:7"]),
    "waits for it": (["[Service]", "ExecStart=/usr/bin/curl x"], "After", []),
    "taken back": (["[Service]", "ExecStart=/usr/bin/curl x", "ExecStart=", "ExecStart=/usr/bin/true"], "", []),
    "nothing writes it": (["[Service]", "ExecStart=-/opt/bin/x y"], "", ["nothing-writes:7"]),
    "nothing writes the script": (["[Service]", "ExecStart=/bin/bash /opt/t"], "", ["nothing-writes:7"]),
    "of the system": (["[Service]", "ExecStart=/usr/bin/x"], "", []),
    "/usr/local is not the system's": (["[Service]", "ExecStart=/usr/local/bin/x"], "", ["nothing-writes:7"]),
    "told at run time": (["[Service]", "ExecStart=/opt/%i"], "", []),
    "another command fetches it": (
        ["[Service]", "ExecStartPre=/usr/bin/cp x /opt/bin/x", "ExecStart=/opt/bin/x"],
        "",
        [],
    ),
    "another command unpacks it": (
        ["[Service]", "ExecStartPre=/usr/bin/tar x -C /opt/bin", "ExecStart=/opt/bin/x"],
        "",
        [],
    ),
    "turns SELinux off": (["[Service]", "ExecStart=/usr/sbin/setenforce 0"], "", ["selinux-off:7"]),
    "runs from a home": (
        ["[Service]", "ExecStart=/root/bin/x"],
        "",
        ["program-in-home:7", "nothing-writes:7"],
    ),
}


@pytest.mark.parametrize(("lines", "wait", "codes"), UNITS.values(), ids=UNITS)
def test_units(lines: list[str], wait: str, codes: list[str]) -> None:
    after = ["After=network-online.target"] if wait else []
    shift = len(after)
    text = "\n".join(f"        {line}" for line in [*after, *lines, *INSTALL])
    found = butane(f"{UNIT}        [Unit]\n{text}\n")
    moved = [f"{code.partition(':')[0]}:{int(code.partition(':')[2]) + shift + 1}" for code in codes]
    assert sorted(found) == sorted(moved)


# lines of a script that an enabled unit runs -> codes with lines; the first is on line 6 of what follows the unit
SCRIPTS = {
    "off": (["setenforce 0"], ["selinux-off:1"]),
    "in a comment": (["# setenforce 0"], []),
    "joins": (["true", "kubeadm  join x"], ["runs-every-boot:2", "no-network-order:2"]),
    "joins once": (["if [ ! -e /x ]; then kubeadm join x; fi"], ["no-network-order:1"]),
}


@pytest.mark.parametrize(("lines", "codes"), SCRIPTS.values(), ids=SCRIPTS)
def test_scripts(lines: list[str], codes: list[str]) -> None:
    service = ["[Service]", "ExecStart=/bin/sh /opt/s", *INSTALL]
    unit = UNIT + "".join(f"        {line}\n" for line in service)
    body = unit + SCRIPT + "".join(f"          {line}\n" for line in lines)
    before = (unit + SCRIPT).count("\n")
    expected = [f"{code.partition(':')[0]}:{int(code.partition(':')[2]) + before}" for code in codes]
    assert sorted(butane(body)) == sorted(expected)


OTHERS = {
    "plain http": ("storage:\n  files:\n    - path: /a\n      contents: {source: 'http://x/'}\n", ["plain-http:4"]),
    "https": ("storage:\n  files:\n    - path: /etc/a\n      contents: {source: 'https://x/'}\n", []),
    "a config by plain http": ("ignition: {config: {merge: [{source: 'http://x/'}]}}\n", ["plain-http:1"]),
    "a kernel argument": ("kernel_arguments: {should_exist: [enforcing=0]}\n", ["selinux-off:1"]),
    "the setting": (
        SCRIPT.replace("/opt/s", "/etc/selinux/config") + "          SELINUX=disabled\n",
        ["selinux-off:6"],
    ),
    "a drop-in to a unit of the system": (
        (
            "systemd:\n  units:\n    - name: a.service\n      enabled: true\n      dropins:\n        - name: b.conf\n"
            "          contents: |\n            [Service]\n            ExecStartPre=/usr/bin/curl x\n"
        ),
        [],
    ),
    "a unit that is not enabled": (
        'systemd: {units: [{name: a.service, contents: "[Service]\\nExecStart=/opt/x\\n"}]}\n',
        [],
    ),
}


@pytest.mark.parametrize(("body", "codes"), OTHERS.values(), ids=OTHERS)
def test_others(body: str, codes: list[str]) -> None:
    assert [code for code in butane(body) if not code.startswith("immutable-root")] == codes


# a document of Container Linux Config -> codes with lines
OLDER = {
    "a path": ("storage:\n  files:\n    - {path: /usr/x, mode: 0644}\n", ["read-only-path:3"]),
    "a path in another file system": (
        (
            "storage:\n  filesystems:\n    - {name: oem, mount: {device: /dev/a, format: ext4}}\n"
            "  files:\n    - {filesystem: oem, path: /usr/x, mode: 0644}\n"
        ),
        [],
    ),
    "plain http": (
        "storage:\n  files:\n    - {path: /opt/x, mode: 0644, contents: {remote: {url: 'http://x/'}}}\n",
        ["plain-http:3"],
    ),
    "a config by plain http": ("ignition: {config: {append: [{source: 'http://x/'}]}}\n", ["plain-http:1"]),
    "joins on every boot": (
        UNIT.replace("enabled", "enable") + "        [Service]\n        ExecStart=/usr/bin/kubeadm join x\n",
        ["runs-every-boot:7", "no-network-order:7"],
    ),
    "what it writes itself": ("docker: {flags: [-D]}\nupdate: {group: beta}\n", []),
    "a platform that fills": ("etcd: {name: '{HOSTNAME}'}\n", []),
}


@pytest.mark.parametrize(("text", "codes"), OLDER.values(), ids=OLDER)
def test_container_linux_config(text: str, codes: list[str]) -> None:
    report = review_butane(text.encode(), file="a.clc", platform="gcp").report
    found = [entry for entry in report if entry.code not in {"container-linux-config", "no-install"}]
    assert sorted(f"{entry.code}:{entry.place.line if entry.place else 0}" for entry in found) == sorted(codes)


def test_ignition_2() -> None:
    text = (
        '{"ignition": {"version": "2.2.0"}, "networkd": {"units": []}, "storage": {"files": [\n'
        '{"filesystem": "root", "path": "/etc/a", "mode": 420},\n'
        '{"filesystem": "root", "path": "/run/a", "mode": 420, "contents": {"source": "tftp://x/y"}}]}}'
    )
    report = review_ignition(text.encode(), file="a.ign").report
    assert [(entry.code, entry.pointer, str(entry.place)) for entry in report] == [
        ("volatile-path", ("storage", "files", 1, "path"), "a.ign:3:32"),
        ("plain-http", ("storage", "files", 1, "contents", "source"), "a.ign:3:78"),
    ]


def test_columns_of_json_count_characters() -> None:
    text = (
        '{"ignition": {"version": "3.4.0"}, "storage": {"files": [\n'
        '{"path": "/run/\u00e4", "mode": 420, "contents": {"source": "tftp://x/y"}, "\U0001f525": 1}]}}'
    )
    report = review_ignition(text.encode(), file="a.ign").report
    line = text.split("\n")[1]
    marked = [line[entry.place.column - 1 :][:6] for entry in report if entry.place]
    assert marked == ['"\U0001f525": 1', '"/run/', '"tftp:']


@pytest.mark.parametrize("platform", ["aws", "ec2"])
def test_a_platform_has_two_names(platform: str) -> None:
    inline = "".join(f"{number * number:x}" for number in range(5000))
    text = f"storage:\n  files:\n    - {{path: /opt/x, mode: 0644, contents: {{inline: '{inline}'}}}}\n"
    report = review_butane(text.encode(), file="a.clc", platform=platform).report
    found = [(entry.code, entry.place.line if entry.place else 0) for entry in report if entry.severity == "error"]
    assert found == [("user-data-too-large", 1)]
    assert [entry.place.line for entry in report if entry.code == "large-part" and entry.place] == [3]


def test_selinux_is_not_on_in_flatcar() -> None:
    assert butane("kernel_arguments: {should_exist: [selinux=0]}\n", "flatcar", "1.0.0") == []


def test_the_published_kubeadm_node() -> None:
    report = review_butane((EXAMPLES / "kubeadm-node-2020.bu").read_bytes(), file="node.bu").report
    found = {(entry.code, entry.place.line) for entry in report if entry.place is not None}
    assert found >= {("runs-every-boot", 74), ("plain-http", 48), ("selinux-off", 69), ("wants-without-after", 33)}


@pytest.mark.parametrize("name", ["kubeadm-node.bu", "flatcar-nginx.bu", "fcos-simple.bu", "fcos-httpd.bu"])
def test_the_other_examples_are_fine(name: str) -> None:
    assert [entry.message for entry in review_butane((EXAMPLES / name).read_bytes(), file=name).report] == []


TEXTS = {
    "sections": ("[A]\nx=1\n[B]\ny = 2\n", [Option("A", "x", "1", 1), Option("B", "y", "2", 3)]),
    "comments": ("[A]\n# x=1\n; x=2\nx=3 # 4\n", [Option("A", "x", "3 # 4", 3)]),
    "continued": ("[A]\nx=1 \\\n  2\\\n# no\n 3\ny=4", [Option("A", "x", "1  2 3", 1), Option("A", "y", "4", 5)]),
    "continued at the end": ("[A]\nx=1\\", [Option("A", "x", "1 ", 1)]),
    "garbage": ("x\n[A\n=\n", [Option("A", "", "", 2)]),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("text", "options"), TEXTS.values(), ids=TEXTS)
def test_options(text: str, options: list[Option]) -> None:
    assert list(read_options(text)) == options
