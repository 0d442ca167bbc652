"""The gRPC API as its clients meet it: `stoker serve` over mutual TLS, asked well and badly."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from shutil import copy
from typing import Any

import grpc
import pytest

from stoker.report import Level, Line
from stoker.server import CertificateFiles, Site
from stoker.server.behind import Behind
from stoker.server.grpc_face import serve_grpc
from tests.server.conftest import compile_config
from tests.server.operators import Served, call, outcome

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
SETTINGS = 4
WRONG = "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data"

# path, bytes -> code, words or the bytes of the response
CALLS = {
    "a call": ("/rpcpb.Groups/GroupPut", "0a060a0167 1a0170", "OK", ""),
    "a field nobody knows": ("/rpcpb.Profiles/ProfilePut", "0a0d0a027031 1a076f6c642e69676e", "OK", ""),
    "a method nobody knows": (
        "/rpcpb.Groups/GroupX",
        "",
        "UNIMPLEMENTED",
        "unknown method GroupX for service rpcpb.Groups",
    ),
    "a service nobody knows": ("/rpcpb.X/GroupPut", "", "UNIMPLEMENTED", "unknown service rpcpb.X"),
    "no reflection": (
        *("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "", "UNIMPLEMENTED"),
        "unknown service grpc.reflection.v1.ServerReflection",
    ),
    "a length that lies": ("/rpcpb.Groups/GroupPut", "0aff01", "INTERNAL", WRONG),
    "a number without an end": ("/rpcpb.Groups/GroupPut", "ff" * 20, "INTERNAL", WRONG),
    "a text that is no UTF-8": ("/rpcpb.Groups/GroupGet", "0a01ff", "INTERNAL", WRONG),
    "groups in groups": ("/rpcpb.Groups/GroupList", "0b" * 10_000, "INTERNAL", WRONG),
    "a Put of nothing": ("/rpcpb.Groups/GroupPut", "", "UNKNOWN", "Id is required"),
    "a name that leads out": (
        *("/rpcpb.Groups/GroupGet", b"\n\x06../../".hex(), "INVALID_ARGUMENT"),
        "the name leads out of groups/: use one without `..`",
    ),
}


def test_calls_are_answered_one_after_another(operated: Served) -> None:
    with operated.channel() as channel:
        answers = {name: outcome(channel, path, bytes.fromhex(data)) for name, (path, data, _, _) in CALLS.items()}
    assert answers == {name: (code, words) for name, (_, _, code, words) in CALLS.items()}
    log = operated.log.read_text()
    assert '"/rpcpb.Groups/GroupPut" OK ' in log
    assert ' "client" unknown service rpcpb.X\n' in log


CLIENTS = {
    "client": True,
    "client-any-use": True,  # to Go, too, a certificate without a use is good for all
    "nobody": False,
    "client-expired": False,
    "client-of-servers": False,
    "client-of-others": False,
}


def is_let_in(served: Served, client: str = "client") -> bool:
    with served.channel(client) as channel:
        code, words = outcome(channel, "/rpcpb.Groups/GroupPut", b"\n\6\n\1g\x1a\1p")
    assert code in {"OK", "UNAVAILABLE"}, words
    return code == "OK"


def test_only_clients_of_the_authority_get_as_far_as_a_call(operated: Served) -> None:
    assert {client: is_let_in(operated, client) for client in CLIENTS} == CLIENTS


def plain(context: ssl.SSLContext) -> None:
    context.set_alpn_protocols(["h2"])


def tls_1_1(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1


def tls_1_2(context: ssl.SSLContext, ciphers: str = "") -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if ciphers:
        context.set_ciphers(ciphers)


HANDSHAKES: dict[str, tuple[Callable[[ssl.SSLContext], None], bool]] = {
    "TLS 1.3": (plain, True),
    "TLS 1.2": (tls_1_2, True),
    "TLS 1.1": (tls_1_1, False),
    "CBC": (lambda context: tls_1_2(context, "ECDHE-ECDSA-AES128-SHA"), False),
    "RSA key exchange": (lambda context: tls_1_2(context, "AES128-GCM-SHA256"), False),
    "no HTTP/2": (lambda context: context.set_alpn_protocols(["http/1.1"]), False),
}


@pytest.mark.parametrize(("prepare", "is_taken"), HANDSHAKES.values(), ids=HANDSHAKES)
def test_old_tls_is_refused(prepare: Callable[[ssl.SSLContext], None], is_taken: bool, operated: Served) -> None:
    context = ssl.create_default_context(cafile=operated.certificates / "ca.crt")
    context.load_cert_chain(operated.certificates / "client.crt", operated.certificates / "client.key")
    plain(context)
    prepare(context)
    assert answers_http2(operated, context) is is_taken


def answers_http2(served: Served, context: ssl.SSLContext | None) -> bool:
    """Whether a connection, without TLS where there is no context, gets as far as HTTP/2."""
    try:
        with ExitStack() as stack:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=30))
            if context is not None:
                connection = stack.enter_context(context.wrap_socket(connection, server_hostname="localhost"))
            connection.sendall(PREFACE)
            data = connection.recv(100)
    except OSError:
        return False
    return len(data) >= 9 and data[3] == SETTINGS


def test_without_tls_nothing_is_said(operated: Served) -> None:
    assert not answers_http2(operated, None)


def shown_name(served: Served) -> str:
    """The name in the certificate that the server shows."""
    context = ssl.create_default_context(cafile=served.certificates / "ca.crt")
    context.load_cert_chain(served.certificates / "client.crt", served.certificates / "client.key")
    with (
        socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as secure,
    ):
        certificate: Any = secure.getpeercert()
    return str(certificate["subject"][0][0][1])


def test_certificates_are_read_again(operated: Served) -> None:
    own = operated.certificates
    assert shown_name(operated) == "server"
    copy(own / "renewed.crt", own / "server.crt")
    assert shown_name(operated) == "server", "half of a renewal is none"
    copy(own / "renewed.key", own / "server.key")
    assert shown_name(operated) == "renewed"
    (own / "server.key").unlink()
    assert shown_name(operated) == "renewed"
    copy(own / "renewed.key", own / "server.key")
    assert (is_let_in(operated), is_let_in(operated, "client-of-others")) == (True, False)
    with operated.channel() as before:
        call(before, "GroupGet", id="g")
        copy(own / "others.crt", own / "ca.crt")
        assert (is_let_in(operated), is_let_in(operated, "client-of-others")) == (False, True)
        call(before, "GroupGet", id="g")
    log = operated.log.read_text()
    assert "cannot be used" in log
    assert f"error: cannot read `{own}/server.key`: No such file or directory; the certificates" in log
    assert log.count(f"read the certificates of `{own}/server.crt` again") == 2
    assert "PRIVATE KEY" not in log


def peak(served: Served) -> int:
    """The most memory that the process has had, in bytes."""
    lines = Path(f"/proc/{served.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def test_what_is_too_large_is_refused_before_it_is_held(operated: Served) -> None:
    with operated.channel("client", ("grpc.max_send_message_length", -1)) as channel:
        put = channel.unary_unary("/rpcpb.Generic/GenericPut")
        assert put(b"\n\1a\x12\x80\x80\x40" + b"x" * (1 << 20), timeout=30) == b""
        before = peak(operated)
        for _ in range(20):
            code, words = outcome(channel, "/rpcpb.Generic/GenericPut", b"x" * 5_000_008)
            assert (code, words.partition("message")[2]) == (
                *("RESOURCE_EXHAUSTED", " larger than max (5000008 vs. 4194304)"),
            )
        for _ in range(3):
            with pytest.raises(grpc.RpcError) as refused:
                put(b"\0" * 50_000_000, timeout=30, compression=grpc.Compression.Gzip)
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert outcome(channel, "/rpcpb.Groups/GroupList", b"")[0] == "UNKNOWN"
    assert peak(operated) - before < 48 << 20
    assert len((operated.data / "generic/a").read_bytes()) == 1 << 20


def test_a_thousand_connections_that_are_dropped_leave_nothing(operated: Served) -> None:
    with operated.channel() as channel:
        call(channel, "GroupPut", group={"id": "g", "profile": "p"})
        before = {what: operated.count(what) for what in ("fd", "task")}
        for number in range(1000):
            with (
                suppress(ConnectionError),
                socket.create_connection(("127.0.0.1", operated.port), timeout=30) as dropped,
            ):
                dropped.sendall([b"", PREFACE, b"\x16\x03\x01\x02\x00\x01"][number % 3])
        after = before
        for _ in range(2000):  # the server is asked until it has seen the end of each
            call(channel, "GroupGet", id="g")
            after = {what: operated.count(what) for what in ("fd", "task")}
            if after["fd"] <= before["fd"]:
                break
    assert after["fd"] <= before["fd"]
    assert after["task"] <= before["task"] + 8, "threads are a pool, not one a connection"


def test_a_fault_in_one_call_does_not_end_the_others(
    tmp_path: Path, certificates: Path, behind: Callable[[], Behind]
) -> None:
    files = CertificateFiles(*(certificates / name for name in ("server.crt", "server.key", "ca.crt")))
    client = [(certificates / name).read_bytes() for name in ("ca.crt", "client.key", "client.crt")]
    log: list[Line] = []

    async def ask() -> list[tuple[str, str]]:
        (tmp_path / "data/groups").mkdir()
        site = Site(behind(), None, compile_config, lambda _line: None)
        site.wait_until_read(30)
        site.keeper.snapshot = None  # type: ignore[assignment]  # as nothing in the server should leave it
        answers = []
        async with (
            serve_grpc(("127.0.0.1", 0), files, site, log.append) as (host, port),
            grpc.aio.secure_channel(f"{host}:{port}", grpc.ssl_channel_credentials(*client)) as channel,
        ):
            for method in ("GroupList", "GroupGet"):
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await channel.unary_unary(f"/rpcpb.Groups/{method}")(b"")
                answers.append((refused.value.code().name, refused.value.details()))
        site.close(30)
        return answers

    assert asyncio.run(ask()) == [
        ("INTERNAL", "the server failed at this call; its log says how"),
        ("UNKNOWN", f"open {tmp_path}/data/groups/.json: no such file or directory"),
    ]
    assert [line.level for line in log] == [Level.ERROR, Level.INFO]
    assert '"client" AttributeError: ' in log[0]


def test_it_stops_with_clients_connected(operated: Served) -> None:
    with operated.channel() as channel:
        call(channel, "GroupPut", group={"id": "g", "profile": "p"})
        assert operated.stop() == 0
    assert (operated.data / "groups/g.json").exists()


def refused_start(served: Served, **files: Path) -> tuple[int, str]:
    own = served.certificates
    given = {"cert": own / "server.crt", "key": own / "server.key", "ca": own / "ca.crt", **files}
    words = [served.process.args[0], "serve", str(served.data), "--address", "127.0.0.1:0"]  # type: ignore[index]
    words += [
        "--rpc-address",
        served.target,
        *(word for name, path in given.items() for word in (f"--{name}-file", path)),
    ]
    run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    return run.returncode, run.stderr.replace(str(own), "CERTS").replace(served.target, "TARGET")


STARTS = {
    "taken": ({}, 69, "cannot listen on `TARGET` for gRPC: "),
    "no certificate": ({"cert": "none"}, 1, "cannot read `CERTS/none`: No such file or directory"),
    "the key of another": ({"key": "ca.key"}, 1, "`CERTS/server.crt` and the key `CERTS/ca.key` cannot be used: "),
    "an authority without a certificate": (
        *({"ca": "ca.key"}, 1, "`CERTS/ca.key` has no certificate of an authority: "),
    ),
}


@pytest.mark.parametrize(("files", "code", "words"), STARTS.values(), ids=STARTS)
def test_a_start_that_cannot_be(files: dict[str, str], code: int, words: str, operated: Served) -> None:
    status, error = refused_start(operated, **{name: operated.certificates / file for name, file in files.items()})
    assert words in error
    assert (status, "Traceback" in error) == (code, False)
