"""The command line of Matchbox: what it says of flags and files, and the whole of it serving."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

STOKER = Path(sys.executable).parent / "stoker"
TRIES = 1000
AUTHORITY = "Provide a valid TLS certificate authority for authorizing client certificates"
USAGE = """Usage of stoker matchbox:
  -address string
    \tHTTP listen address (default "127.0.0.1:8080")
  -assets-path string
    \tPath to static assets (default "/var/lib/matchbox/assets")
  -ca-file string
    \tPath to the CA verify and authenticate client certificates (default "/etc/matchbox/ca.crt")
  -cert-file string
    \tPath to the server TLS certificate file (default "/etc/matchbox/server.crt")
  -data-path string
    \tPath to data directory (default "/var/lib/matchbox")
  -help
    \tprint usage and exit
  -key-file string
    \tPath to the server TLS key file (default "/etc/matchbox/server.key")
  -key-ring-path string
    \tPath to a private keyring file
  -log-level string
    \tSet the logging level (default "info")
  -rpc-address string
    \tRPC listen address
  -version
    \tprint version and exit
  -web-cert-file string
    \tPath to the server TLS certificate file (default "/etc/matchbox/ssl/server.crt")
  -web-key-file string
    \tPath to the server TLS key file (default "/etc/matchbox/ssl/server.key")
  -web-ssl
    \tTrue to enable HTTPS
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("data/groups", "data/profiles", "assets"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "data/groups/all.json").write_text('{"id": "all", "profile": "p"}')
    (tmp_path / "data/profiles/p.json").write_text('{"id": "p", "boot": {"kernel": "k"}}')
    (tmp_path / "assets/kernel").write_bytes(b"0123456789" * 1000)
    (tmp_path / "text").write_text("text")
    return tmp_path


def matchbox(*words: str, **environment: str) -> tuple[int, str, str]:
    """Run it to its end: exit code, stdout, stderr with the time left out."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("MATCHBOX")}
    run = subprocess.run(
        [STOKER, "matchbox", *words], env=known | environment, capture_output=True, text=True, check=False, timeout=60
    )
    return run.returncode, run.stdout, re.sub(r'time="[^"]*" ', "", run.stderr)


def fatal(text: str) -> tuple[int, str, str]:
    return 1, "", f'level=fatal msg="{text}"\n'


WRONG = [
    (["-nope"], "flag provided but not defined: -nope\n"),
    (["-address"], "flag needs an argument: -address\n"),
    (["-web-ssl=maybe"], 'invalid boolean value "maybe" for -web-ssl: parse error\n'),
]


@pytest.mark.parametrize("words, expected", WRONG, ids=[row[0][0] for row in WRONG])
def test_a_wrong_flag(words: list[str], expected: str) -> None:
    assert matchbox(*words) == (2, "", expected + USAGE)


@pytest.mark.parametrize("flag", ["-help", "--help", "-h"])
def test_help(flag: str) -> None:
    assert matchbox(flag) == (0, "", USAGE)


def test_version_comes_before_what_is_missing() -> None:
    assert matchbox("-version", "-data-path", "/nope") == (0, "v0.11.0\n", "")


# What is given beside good paths, `{site}` for their place -> the last words.
FAULTS = [
    (["-data-path", "{site}/nope"], {}, "A valid -data-path is required"),
    (["-data-path", "{site}/text"], {}, "A valid -data-path is required"),
    (["-assets-path", "/nope"], {}, "Provide a valid -assets-path or '' to disable asset serving: /nope"),
    (
        ["-rpc-address", "127.0.0.1:0", "-cert-file", "/nope"],
        {},
        "Provide a valid TLS server certificate with -cert-file: stat /nope: no such file or directory",
    ),
    (
        ["-rpc-address", "127.0.0.1:0", "-cert-file", "{site}/text", "-key-file", "{site}/text", "-ca-file", "/nope"],
        {},
        f"{AUTHORITY}: stat /nope: no such file or directory",
    ),
    (
        ["-web-ssl", "-web-cert-file", "{site}/text", "-web-key-file", "/nope"],
        {},
        "Provide a valid SSL server key with -web-key-file: stat /nope: no such file or directory",
    ),
    (["-log-level", "loud"], {}, r"invalid log-level: not a valid logrus Level: \"loud\""),
    (["-key-ring-path", "/nope"], {}, "open /nope: no such file or directory"),
    (["-key-ring-path", "{site}/text"], {}, "openpgp: invalid data: tag byte does not have MSB set"),
    ([], {"MATCHBOX_WEB_SSL": "maybe"}, r"invalid value \"maybe\" for MATCHBOX_WEB_SSL: parse error"),
    ([], {"MATCHBOX_DATA_PATH": "/nope"}, "A valid -data-path is required"),
]


@pytest.mark.parametrize("words, environment, expected", FAULTS, ids=[row[2][:40] for row in FAULTS])
def test_a_fault(site: Path, words: list[str], environment: dict[str, str], expected: str) -> None:
    given = [word.format(site=site) for word in words]
    good = ["-address", "127.0.0.1:0", "-assets-path", str(site / "assets")]
    if "MATCHBOX_DATA_PATH" not in environment:
        good += ["-data-path", str(site / "data")]
    assert matchbox(*good, *given, **environment) == fatal(expected)


ADDRESSES = [
    ("nonsense", "listen tcp: address nonsense: missing port in address"),
    ("::1:80", "listen tcp: address ::1:80: too many colons in address"),
    ("127.0.0.1:http!", "listen tcp: lookup 127.0.0.1:http!: "),
    ("192.0.2.1:8080", "listen tcp 192.0.2.1:8080: bind: cannot assign requested address"),
]


@pytest.mark.parametrize("address, expected", ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_an_address_that_will_not_do(site: Path, address: str, expected: str) -> None:
    code, _, said = matchbox("-address", address, "-data-path", str(site / "data"), "-assets-path", "")
    start, end = said.splitlines()
    assert code == 1
    assert start == f'level=info msg="Starting matchbox HTTP server on {address}"'
    assert end.startswith(f'level=fatal msg="failed to start listening: {expected}')


@contextmanager
def serving(site: Path, *words: str, **environment: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The server on a port, once it accepts connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    paths = ["-address", f"127.0.0.1:{port}", "-data-path", str(site / "data"), "-assets-path", str(site / "assets")]
    command = [str(STOKER), "matchbox", *paths, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | environment) as process:
        try:
            for _ in range(TRIES):
                with socket.socket() as attempt:
                    if attempt.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, process.stderr and process.stderr.read()
                time.sleep(0.02)
            yield port, process
        finally:
            process.kill()


def send(port: int, text: bytes) -> bytes:
    """Send bytes as they are; all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(text)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def get(port: int, target: str, head: str = "") -> tuple[bytes, bytes]:
    """The status line and the body of an answer."""
    answer = send(port, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n".encode())
    headers, _, body = answer.partition(b"\r\n\r\n")
    return headers.partition(b"\r\n")[0], body


def test_it_serves_until_it_is_told_to_stop(site: Path) -> None:
    with serving(site) as (port, process):
        assert get(port, "/") == (b"HTTP/1.1 200 OK", b"matchbox\n")
        assert get(port, "/ipxe") == (b"HTTP/1.1 200 OK", b"#!ipxe\nkernel k\nboot\n")
        assert get(port, "/assets/kernel", "Range: bytes=-3\r\n") == (b"HTTP/1.1 206 Partial Content", b"789")
        assert get(port, "/assets/kernel", "Range: bytes=-0\r\n") == (b"HTTP/1.1 206 Partial Content", b"")
        assert get(port, "/generic")[0] == b"HTTP/1.1 404 Not Found"
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [line.split(" ", 1)[1] for line in log.splitlines()][-2:] == [
        'level=info msg="HTTP GET /generic"',
        'level=info msg="No generic template named: " group=all group_name= labels="map[]" profile=p',
    ]


def test_what_is_too_large_is_refused_and_slow_clients_hold_nobody_up(site: Path) -> None:
    with serving(site, "-log-level", "error") as (port, process):
        slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(200)]
        for connection in slow:
            connection.sendall(b"GET /ipxe HTTP/1.1\r\nHost: ")
        with socket.create_connection(("127.0.0.1", port), timeout=30) as posting:
            posting.sendall(b"POST /ipxe HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\nhalf")
            assert posting.recv(100).startswith(b"HTTP/1.1 200 OK")
        for connection in slow:
            connection.close()
        assert get(port, "/ipxe?x=" + "a" * 60_000)[0] == b"HTTP/1.1 200 OK"
        assert get(port, "/ipxe?x=" + "a" * 270_000)[0] == b"HTTP/1.1 431 Request Header Fields Too Large"
        for start in (b"GET /ipxe?mac=", b"GET /ipxe HTTP/1.1\r\nHost: x\r\nX-Label: "):
            try:
                answer = send(port, start + b"a" * 10_000_000 + b"\r\n\r\n")
            except (ConnectionResetError, BrokenPipeError):  # closed while it was still being sent
                answer = b""
            assert answer[:12] in {b"", b"HTTP/1.1 431"}
        for way in ("/assets/../text", "/assets/%2e%2e/text", "/assets/..%2ftext", "/assets/%5c..%5ctext"):
            assert get(port, way)[0] in {b"HTTP/1.1 307 Temporary Redirect", b"HTTP/1.1 404 Not Found"}
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])
        assert peak < 200_000
        assert get(port, "/")[1] == b"matchbox\n"


def test_https(site: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made for https")
    key, certificate = site / "key.pem", site / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *names]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    with serving(site, "-web-ssl", "-web-cert-file", str(certificate), "-web-key-file", str(key)) as (port, process):
        context = ssl.create_default_context(cafile=str(certificate))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version = context.maximum_version = version
            with urllib.request.urlopen(f"https://127.0.0.1:{port}/ipxe", context=context) as response:
                assert response.read() == b"#!ipxe\nkernel k\nboot\n"
        context.set_alpn_protocols(["h2", "http/1.1"])
        with (
            socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            assert connection.selected_alpn_protocol() == "http/1.1"
        process.terminate()
        _, log = process.communicate(timeout=30)
    assert f'level=info msg="Using SSL server certificate: {certificate}"' in log
    swapped = ["-web-ssl", "-web-cert-file", str(key), "-web-key-file", str(certificate)]
    paths = ["-address", "127.0.0.1:0", "-data-path", str(site / "data"), "-assets-path", ""]
    code, _, said = matchbox(*paths, *swapped)
    assert code == 1
    assert "failed to start listening: cannot use the certificate" in said


def test_a_key_ring_signs_and_its_passphrase_is_in_no_log(site: Path) -> None:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed (scripts/debian-packages)")
    home = site / "home"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--batch", "--homedir", str(home), "--pinentry-mode", "loopback", "--passphrase", "canary"]
    subprocess.run([*gpg, "--quick-gen-key", "a@example.com", "rsa2048", "sign", "never"], check=True)
    subprocess.run([*gpg, "-o", str(site / "ring"), "--export-secret-keys", "a@example.com"], check=True)
    ring = ["-key-ring-path", str(site / "ring"), "-log-level", "trace"]
    try:
        with serving(site, *ring, MATCHBOX_PASSPHRASE="canary") as (port, process):
            (site / "signature").write_bytes(get(port, "/ipxe.sig")[1])
            (site / "body").write_bytes(get(port, "/ipxe")[1])
            process.terminate()
            _, log = process.communicate(timeout=30)
        verify = [*gpg[:4], "--verify", str(site / "signature"), str(site / "body")]
        assert subprocess.run(verify, check=False).returncode == 0
        assert "canary" not in log
        paths = ["-address", "127.0.0.1:0", "-data-path", str(site / "data"), "-assets-path", ""]
        assert matchbox(*paths, *ring) == fatal("sign: missing passphrase for encrypted private key")
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=False)
