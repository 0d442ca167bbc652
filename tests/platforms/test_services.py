"""Every metadata service of the table against a server on loopback: what it is asked, and what its answers mean."""

from __future__ import annotations

import base64
import gzip
from typing import NamedTuple

import pytest

from stoker.platforms import PLATFORMS, Machine, PlatformFault, Read, Request, find_config
from stoker.platforms.services import Service
from tests.platforms.doubles import Asked, Metadata, World, nobody, reader

CONFIG = b'{"ignition": {"version": "3.4.0"}}\n'
BASE64 = base64.b64encode(CONFIG)
IMDS = "http://169.254.169.254"


class Row(NamedTuple):
    host: str
    path: str
    headers: dict[str, str]
    body: bytes = CONFIG
    absent: bool = True


# Platform -> what its service has to be asked, and how it wraps the config; `absent`: 404 says that there is none.
SERVICES = {
    "akamai": Row(
        IMDS,
        "/v1/user-data",
        {"Accept": "*/*", "Metadata-Token": "abc"},
        base64.b64encode(gzip.compress(CONFIG)),
        False,
    ),
    "aliyun": Row("http://100.100.100.200", "/latest/user-data", {}),
    "aws": Row(IMDS, "/2019-10-01/user-data", {"X-aws-ec2-metadata-token": "abc"}),
    "azure": Row(
        IMDS,
        "/metadata/instance/compute/userData?api-version=2021-01-01&format=text",
        {"Metadata": "true"},
        BASE64,
        False,
    ),
    "brightbox": Row(IMDS, "/openstack/latest/user_data", {}),
    "cloudstack": Row("http://10.1.1.1", "/latest/user-data", {}),
    "digitalocean": Row(IMDS, "/metadata/v1/user-data", {}, absent=False),
    "exoscale": Row(IMDS, "/1.0/user-data", {}),
    "gcp": Row(IMDS, "/computeMetadata/v1/instance/attributes/user-data", {"Metadata-Flavor": "Google"}),
    "hetzner": Row(IMDS, "/hetzner/v1/userdata", {}),
    "openstack": Row(IMDS, "/openstack/latest/user_data", {}),
    "oraclecloud": Row(IMDS, "/opc/v2/instance/metadata/user_data", {"Authorization": "Bearer Oracle"}, BASE64),
    "packet": Row("https://metadata.packet.net", "/userdata", {"Accept": "*/*"}, absent=False),
    "scaleway": Row("http://169.254.42.42", "/user_data/cloud-init", {}),
    "upcloud": Row(IMDS, "/metadata/v1/user_data", {}),
    "vultr": Row(IMDS, "/user-data/user-data", {}),
}
ASKED_ONCE = {"brightbox", "cloudstack", "openstack"}  # since others are asked as well
ALONE = sorted(set(SERVICES) - ASKED_ONCE)
TOKENS = {"akamai": "/v1/token", "aws": "/latest/api/token"}
LEASE = b"# This is private data. Do not parse.\nADDRESS=10.1.1.7\nSERVER_ADDRESS=10.1.1.1\n"


def prepare(name: str, world: World, service: Metadata, *replies: tuple[int, bytes]) -> tuple[Machine, Read]:
    world.write("/run/systemd/netif/leases/2", LEASE)
    if name in TOKENS:
        service.replies["PUT", TOKENS[name]] = [(200, b"abc\n")]
    service.replies["GET", SERVICES[name].path] = list(replies)
    return world.machine, reader(service.port)


def test_every_row_with_a_service_is_tried() -> None:
    rows = {name for name, row in PLATFORMS.items() if any(isinstance(source, Service) for source in row.sources)}
    assert set(SERVICES) == rows


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gives_the_config(name: str, world: World, service: Metadata) -> None:
    row = SERVICES[name]
    machine, read = prepare(name, world, service, (200, row.body))
    found = find_config(name, machine, read, world.say)
    assert (found.config, found.provider) == (CONFIG, name)
    assert found.where == row.host + row.path
    assert service.asked[-1] == Asked("GET", row.host, row.path, row.headers)
    assert len(service.asked) == (2 if name in TOKENS else 1)


@pytest.mark.parametrize("name", [name for name, row in SERVICES.items() if row.absent])
@pytest.mark.parametrize("reply", [(404, b"no such thing"), (204, b""), (200, b"")], ids=["404", "204", "empty"])
def test_a_service_says_that_there_is_none(
    name: str, reply: tuple[int, bytes], world: World, service: Metadata
) -> None:
    machine, read = prepare(name, world, service, reply)
    found = find_config(name, machine, read, world.say)
    assert (found.config, found.provider) == (None, name)


@pytest.mark.parametrize("name", ["akamai", "digitalocean", "packet"])
def test_a_service_that_must_have_one_has_none(name: str, world: World, service: Metadata) -> None:
    machine, read = prepare(name, world, service, (404, b""))
    with pytest.raises(PlatformFault) as caught:
        find_config(name, machine, read, world.say)
    where = SERVICES[name].host + SERVICES[name].path
    assert str(caught.value) == f"resource not found: {where} has no config for this machine (status 404)"
    assert caught.value.code == "no-user-data"


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("status", [301, 403, 406])
def test_a_service_refuses(name: str, status: int, world: World, service: Metadata) -> None:
    machine, read = prepare(name, world, service, (status, b"<html>"))
    with pytest.raises(PlatformFault) as caught:
        find_config(name, machine, read, world.say)
    where = SERVICES[name].host + SERVICES[name].path
    assert str(caught.value) == f"failed to fetch resource: {where} answered with status {status}"


def test_what_the_rows_ask_of_whoever_reads(world: World, service: Metadata) -> None:
    asked = {}
    for name, row in SERVICES.items():
        machine, _ = prepare(name, world, service, (200, row.body))
        seen: list[Request] = []
        find_config(name, machine, reader(service.port, seen), world.say)
        asked[name] = seen[-1]
    assert {name: request.retried for name, request in asked.items() if request.retried} == {
        "azure": (404, 410, 429),
        "oraclecloud": (429,),
    }
    assert {name for name, request in asked.items() if request.low_port} == {"scaleway"}
    assert {name for name, request in asked.items() if not request.patient} == ASKED_ONCE
    assert {request.limit for request in asked.values()} == {64 << 20}


# What happens at the token's URL and at the user data's, in turn -> the requests, and the config or the complaint.
IMDS_FLOWS = {
    "a token": ([(200, b"t1")], [(200, b"data")], ["PUT", "GET t1"], "data"),
    "tokens are off": ([(404, b"")], [(200, b"data")], ["PUT", "GET -"], "data"),
    "tokens are off, no user data": ([(404, b"")], [(404, b"")], ["PUT", "GET -"], None),
    "the token has expired": (
        [(200, b"t1"), (200, b"t2")],
        [(401, b""), (200, b"data")],
        ["PUT", "GET t1", "PUT", "GET t2"],
        "data",
    ),
    "no token helps": (
        [(200, b"t1"), (200, b"t2")],
        [(401, b"")],
        ["PUT", "GET t1", "PUT", "GET t2"],
        "failed to fetch resource: http://169.254.169.254/2019-10-01/user-data answered with status 401",
    ),
    "the service is off": (
        [(403, b"")],
        [(403, b"")],
        ["PUT"],
        "failed to fetch resource: http://169.254.169.254/latest/api/token answered with status 403",
    ),
}


@pytest.mark.parametrize(("tokens", "answers", "requests", "expected"), IMDS_FLOWS.values(), ids=IMDS_FLOWS)
def test_tokens_on_aws(
    tokens: list[tuple[int, bytes]],
    answers: list[tuple[int, bytes]],
    requests: list[str],
    expected: str | None,
    world: World,
    service: Metadata,
) -> None:
    service.replies["PUT", "/latest/api/token"] = list(tokens)
    service.replies["GET", "/2019-10-01/user-data"] = list(answers)
    outcome: str | None
    try:
        config = find_config("aws", world.machine, reader(service.port), world.say).config
        outcome = None if config is None else config.decode()
    except PlatformFault as fault:
        outcome = str(fault)
    assert outcome == expected
    header = "X-aws-ec2-metadata-token"
    assert requests == [
        "PUT" if asked.method == "PUT" else f"GET {asked.headers.get(header, '-')}" for asked in service.asked
    ]
    puts = [asked.headers for asked in service.asked if asked.method == "PUT"]
    assert puts == [{"x-aws-ec2-metadata-token-ttl-seconds": "21600"}] * len(puts)


def test_a_token_that_must_be_there(world: World, service: Metadata) -> None:
    service.replies["PUT", "/v1/token"] = [(200, b" \n")]
    with pytest.raises(PlatformFault, match=r"http://169\.254\.169\.254/v1/token gave an empty token"):
        find_config("akamai", world.machine, reader(service.port), world.say)


# What a service wraps wrongly -> the complaint.
DAMAGED = {
    "azure": (b"not base64!", "config-not-base64"),
    "oraclecloud": (b"YWJj=YWJj", "config-not-base64"),
    "akamai": (base64.b64encode(gzip.compress(CONFIG)[:-9]), "config-not-gzip"),
}


@pytest.mark.parametrize(("name", "body", "code"), [(name, *row) for name, row in DAMAGED.items()], ids=DAMAGED)
def test_a_config_that_cannot_be_unwrapped(name: str, body: bytes, code: str, world: World, service: Metadata) -> None:
    machine, read = prepare(name, world, service, (200, body))
    with pytest.raises(PlatformFault) as caught:
        find_config(name, machine, read, world.say)
    assert caught.value.code == code
    assert SERVICES[name].path in str(caught.value)


def test_a_config_in_base64_need_not_be_compressed(world: World, service: Metadata) -> None:
    machine, read = prepare("akamai", world, service, (200, BASE64))
    assert find_config("akamai", machine, read, world.say).config == CONFIG


@pytest.mark.parametrize("name", ALONE)
def test_a_service_that_is_alone_and_silent_is_a_fault(name: str, world: World) -> None:
    with pytest.raises(PlatformFault, match="no route to host"):
        find_config(name, world.machine, nobody, world.say)


def test_metadata_over_ipv6_is_asked_on_each_interface(world: World) -> None:
    addresses = "00000000000000000000000000000001 01 80 10 80       lo\n"
    addresses += (
        "fe80000000000000505400fffe123456 02 40 20 80     eth0\nfe80000000000000505400fffe123457 03 40 20 80  eth1\n"
    )
    world.write("/proc/net/if_inet6", addresses.encode())
    asked = []

    def read(request: Request) -> tuple[int, bytes]:
        asked.append(request.url)
        return (200, CONFIG) if "eth1" in request.url else nobody(request)

    assert find_config("openstack", world.machine, read, world.say).config == CONFIG
    assert asked == [
        "http://169.254.169.254/openstack/latest/user_data",
        "http://[fe80::a9fe:a9fe%25eth0]/openstack/latest/user_data",
        "http://[fe80::a9fe:a9fe%25eth1]/openstack/latest/user_data",
    ]
