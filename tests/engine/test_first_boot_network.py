"""A first boot that fetches: headers, tries again, certificates, proxies, TFTP, from real servers on loopback."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from stoker.engine.first_boot.state import FetchedConfig
from tests.engine.boots import FirstBoot, file
from tests.fetch.conftest import Authority, Site
from tests.fetch.test_tftp import Server as TftpServer

OTHER = json.dumps({"ignition": {"version": "3.4.0"}, "storage": {"files": [file("/other")]}}).encode()
Serve = Callable[..., Site]


@pytest.fixture
def boot(tmp_path: Path) -> FirstBoot:
    return FirstBoot(tmp_path)


@pytest.fixture
def serve() -> Iterator[Serve]:
    sites: list[Site] = []

    def start(*arguments: Any) -> Site:
        sites.append(Site(*arguments))
        return sites[-1]

    yield start
    for site in sites:
        site.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if which("openssl") is None:
        pytest.skip("openssl is not installed: no authority can be made for https")
    return Authority(tmp_path_factory.mktemp("authority"))


def merging(*references: dict[str, Any], **ignition: Any) -> dict[str, Any]:
    """A config that names others."""
    return {"ignition": {"version": "3.4.0", "config": {"merge": list(references)}, **ignition}}


def test_a_config_is_fetched_and_merged(boot: FirstBoot, serve: Serve) -> None:
    site = serve({"/other?token=t": [(503, {}, b""), (200, {}, gzip.compress(OTHER))]})
    headers = [{"name": "X-Token", "value": "secret"}]
    source = {"source": f"{site.url}/other?token=t", "compression": "gzip", "httpHeaders": headers}
    boot.configure(merging(source))
    assert boot.run("fetch", "").returncode == 0
    assert [headers["x-token"] for _, _, headers in site.asked] == ["secret", "secret"]
    assert site.asked[0][2]["user-agent"].startswith("Ignition/")
    assert boot.noted().fetched_configs == [
        FetchedConfig("base", "system"),
        FetchedConfig("user", "file"),
        FetchedConfig("user", "/other", referenced=True),
    ]
    assert boot.run("files").returncode == 0
    assert boot.text("/other") == "x"


def test_the_config_to_blame_is_named_by_a_later_stage(boot: FirstBoot, serve: Serve) -> None:
    site = serve({"/other": (200, {}, OTHER)})
    boot.configure(merging({"source": f"{site.url}/other"}))
    (boot.root / "other").mkdir()
    done = boot.fetch_and_write()
    assert done.returncode == 1
    assert f"ERROR    : this was asked for at $.storage.files.0 of {site.url}/other (SHA512 " in done.stdout


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((404, {}, b""), "resource not found"),
        ((403, {}, b""), "failed to fetch resource"),
        ((200, {}, b"{"), "config is not valid"),
    ],
    ids=["not there", "forbidden", "no config"],
)
def test_a_config_that_cannot_be_had(boot: FirstBoot, serve: Serve, answer: Any, reason: str) -> None:
    site = serve({"/other": answer})
    boot.configure(merging({"source": f"{site.url}/other"}))
    done = boot.run("fetch", "")
    assert done.returncode == 1
    assert f"CRITICAL : Ignition failed: {reason}" in done.stdout
    assert "ERROR    : this config is named by $.ignition.config.merge.0 of" in done.stdout
    assert not boot.cache.exists()


def test_a_digest_that_is_another_s(boot: FirstBoot, serve: Serve) -> None:
    site = serve({"/other": (200, {}, OTHER)})
    boot.configure(merging({"source": f"{site.url}/other", "verification": {"hash": "sha256-" + "0" * 64}}))
    done = boot.run("fetch", "")
    assert done.returncode == 1
    assert "hash verification failed" in done.stdout


def test_a_boot_waits_for_its_network(boot: FirstBoot) -> None:
    line = boot.directory / "cmdline"
    line.write_text("ignition.config.url=http://192.0.2.1:1/config")
    boot.environment["IGNITION_KERNEL_CMDLINE_PATH"] = str(line)
    done = boot.run("fetch", "", "-fetch-timeout", "10ms")
    assert done.returncode == 1
    assert "INFO     : GET http://192.0.2.1:1/config: attempt #1\n" in done.stdout
    assert "Ignition failed: no answer from http://192.0.2.1:1/config: unable to fetch resource in time" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0 or which("unshare") is None, reason="only root makes a network of its own")
def test_what_keeps_the_network_away_is_said(boot: FirstBoot) -> None:
    """In a network where there is nothing but a loopback interface that is down."""
    boot.within = ["unshare", "--net", "--mount", "sh", "-c", 'mount -t sysfs sysfs /sys && exec "$@"', "sh"]
    boot.configure(merging({"source": "http://192.0.2.1/other"}, timeouts={"httpTotal": 1}))
    done = boot.run("fetch", "")
    assert done.returncode == 1
    waiting = "INFO     : waiting for network, 0 s, no network interface\n"
    tries = "INFO     : GET http://192.0.2.1/other: attempt #{}\n"
    assert tries.format(1) in done.stdout
    assert waiting in done.stdout
    assert tries.format(2) in done.stdout
    assert "ERROR    : hint: look at the network, the server and the URL\n" in done.stdout


def test_certificates_of_the_config_are_kept_for_later_stages(
    boot: FirstBoot, serve: Serve, authority: Authority
) -> None:
    plain = serve({"/ca": (200, {}, authority.bundle)})
    site = serve({"/f": (200, {}, b"text")}, authority.context)
    trust = {"tls": {"certificateAuthorities": [{"source": f"{plain.url}/ca"}]}}
    served = {"path": "/f", "contents": {"source": f"{site.url}/f"}}
    boot.configure({"ignition": {"version": "3.4.0", "security": trust}, "storage": {"files": [served]}})
    done = boot.fetch_and_write()
    assert done.returncode == 0, done.stdout
    assert boot.text("/f") == "text"
    assert plain.asked.targets == ["/ca"]
    bundle = json.loads(boot.cache.read_text())["ignition"]["security"]["tls"]["certificateAuthorities"][0]["source"]
    assert base64.b64decode(bundle.partition(",")[2]) == authority.bundle
    assert 'INFO     : files: createFilesystemsFiles: createFiles: op(1): Adding "test-authority" to' in done.stdout


def test_a_proxy_of_the_config_is_gone_through(boot: FirstBoot, serve: Serve) -> None:
    proxy = serve({"*": (200, {}, b"by proxy")})
    served = {"path": "/f", "contents": {"source": "http://elsewhere.test/f"}}
    settings = {"version": "3.4.0", "proxy": {"httpProxy": proxy.url}}
    boot.configure({"ignition": settings, "storage": {"files": [served]}})
    done = boot.fetch_and_write()
    assert done.returncode == 0, done.stdout
    assert (boot.text("/f"), proxy.asked.targets) == ("by proxy", ["http://elsewhere.test/f"])


def test_contents_by_tftp(boot: FirstBoot) -> None:
    server = TftpServer({b"/f": b"by tftp"})
    try:
        boot.configure(
            {"storage": {"files": [{"path": "/f", "contents": {"source": f"tftp://127.0.0.1:{server.port}/f"}}]}}
        )
        done = boot.fetch_and_write()
    finally:
        server.close()
    assert done.returncode == 0, done.stdout
    assert boot.text("/f") == "by tftp"


def test_offline_asks_nobody(boot: FirstBoot, serve: Serve) -> None:
    site = serve({"/other": (200, {}, OTHER)})
    boot.configure(merging({"source": f"{site.url}/other"}))
    assert boot.run("fetch-offline", "").returncode == 0
    assert (site.asked, boot.need_net.exists()) == ([], True)
    assert boot.run("fetch", "").returncode == 0
    assert site.asked.targets == ["/other"]


def test_a_boot_reports_in(boot: FirstBoot, serve: Serve) -> None:
    """A stage before the network leaves its report to the next; a failure says what, why, and who asked for it."""
    site = serve({"/events": [(204, {}, b"")]})
    command_line = boot.directory / "cmdline"
    command_line.write_text(f"quiet stoker.events={site.url}/events stoker.token=s3cret\n")
    boot.environment["IGNITION_KERNEL_CMDLINE_PATH"] = str(command_line)
    config = {"ignition": {"version": "3.4.0"}, "storage": {"files": [file("/a"), file("/b")]}}
    boot.configure(config)
    (boot.root / "b").mkdir()
    (boot.root / "var/lib").mkdir(parents=True)
    assert boot.run("fetch-offline", "").returncode == 0
    assert not site.posted
    done = boot.run("files")
    assert (done.returncode, "s3cret" in done.stdout) == (1, False)
    assert {headers["authorization"] for _, _, headers in site.asked} == {"Bearer s3cret"}
    events = [event for body in site.posted for event in json.loads(body)]
    digest = hashlib.sha512(json.dumps(config).encode()).hexdigest()
    ends = [f"{event['stage']} {event.get('outcome', 'done')}" for event in events]
    told = ["fetch-offline done", "files refused", "files not reached", "files failed"]
    assert list(dict.fromkeys(end for end in ends if not end.endswith(" log"))) == told
    record = json.loads(Path(f"{boot.state}.reports/failure.json").read_text())
    assert (record["stage"], record["pointer"], record["digest"]) == ("files", "$.storage.files.1", digest)
    assert len(record["log"]) > 3
    assert json.loads(boot.text("/var/lib/.stoker-failure.json")) == record
    (boot.root / "b").rmdir()
    assert boot.run("files").returncode == 0
    assert not Path(f"{boot.state}.reports/failure.json").exists()
    assert not (boot.root / "var/lib/.stoker-failure.json").exists()
