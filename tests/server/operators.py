"""Operators of a real `stoker serve`: certificates made by openssl, the server in its own process, and its clients."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from stoker.server.rpc import matchbox_pb2 as messages

# name -> who signs it, how it may be used, how many days it is valid
CERTIFICATES = {
    "server": ("ca", "serverAuth", 2),
    "renewed": ("ca", "serverAuth", 2),
    "client": ("ca", "clientAuth", 2),
    "client-any-use": ("ca", "", 2),
    "client-expired": ("ca", "clientAuth", -1),
    "client-of-servers": ("ca", "serverAuth", 2),
    "client-of-others": ("others", "clientAuth", 2),
}
KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc"


def make_certificates(directory: Path) -> None:
    """Make NAME.crt and NAME.key of two authorities, `ca` and `others`, and of all CERTIFICATES.

    `servers.crt` is what clients know the server by, also when the server no longer knows clients by `ca.crt`.
    """

    def openssl(words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=directory, check=True, capture_output=True)

    for name in ("ca", "others"):
        openssl(f"req -x509 {KEY} -keyout {name}.key -out {name}.crt -subj /CN={name} -days 2")
    copy(directory / "ca.crt", directory / "servers.crt")
    for name, (issuer, use, days) in CERTIFICATES.items():
        names = "subjectAltName=IP:127.0.0.1,DNS:localhost\n"
        (directory / "extensions").write_text(names + (f"extendedKeyUsage={use}\n" if use else ""))
        openssl(f"req {KEY} -keyout {name}.key -out request -subj /CN={name}")
        openssl(
            f"x509 -req -in request -CA {issuer}.crt -CAkey {issuer}.key -CAcreateserial -days {days}"
            f" -extfile extensions -out {name}.crt"
        )


class Served:
    """A running server: its data, its two addresses, what it logs."""

    def __init__(self, data: Path, certificates: Path, log: Path) -> None:
        self.data = data
        self.certificates = certificates
        self.log = log
        words = [Path(sys.executable).parent / "stoker", "serve", data]
        words += ["--address", "127.0.0.1:0", "--rpc-address", "127.0.0.1:0", "--ca-file", certificates / "ca.crt"]
        words += ["--cert-file", certificates / "server.crt", "--key-file", certificates / "server.key"]
        with log.open("wb") as errors:
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert self.process.stdout is not None
        self.target = self.process.stdout.readline().strip().removeprefix("grpcs://")
        self.url = self.process.stdout.readline().strip()

    @property
    def port(self) -> int:
        return int(self.target.rpartition(":")[2])

    def count(self, what: str) -> int:
        """How many of `fd` or `task` the process has."""
        return len(os.listdir(f"/proc/{self.process.pid}/{what}"))

    def stop(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode

    @contextmanager
    def channel(self, client: str = "client", *options: tuple[str, Any]) -> Iterator[grpc.Channel]:
        """A connection with the certificate of that name, none for `nobody`."""
        ca, key, chain = (
            (self.certificates / name).read_bytes() if (self.certificates / name).exists() else None
            for name in ("servers.crt", f"{client}.key", f"{client}.crt")
        )
        credentials = grpc.ssl_channel_credentials(ca, key, chain)
        own = ("grpc.use_local_subchannel_pool", 1)  # a connection of its own, and a handshake
        with grpc.secure_channel(self.target, credentials, [own, ("grpc.enable_retries", 0), *options]) as channel:
            yield channel


REQUESTS = {
    method.name: (f"/{service.full_name}/{method.name}", method)
    for service in messages.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}


def call(channel: grpc.Channel, name: str, /, **request: Any) -> dict[str, Any]:
    """Call a method by its name with the fields of its request, bytes in base64; what it answers, in the same form.

    Raises grpc.RpcError.
    """
    path, method = REQUESTS[name]
    invoke = channel.unary_unary(
        path,
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    answer = invoke(json_format.ParseDict(request, GetMessageClass(method.input_type)()), timeout=30)
    return json_format.MessageToDict(answer, preserving_proto_field_name=True)


def outcome(channel: grpc.Channel, path: str, data: bytes) -> tuple[str, str]:
    """Send bytes to a path: the code and the words of what comes back, and for OK its bytes."""
    try:
        return "OK", channel.unary_unary(path)(data, timeout=30).hex()
    except grpc.RpcError as error:
        return error.code().name, error.details()
