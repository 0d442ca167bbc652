"""What the package offers to programs: every kind of text that its functions take, and those they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import stoker

CLC = 'etcd: {name: "{HOSTNAME}"}\n'
OLD = '{"ignition":{"version":"2.2.0"},"storage":{"files":[{"filesystem":"data","path":"/a","mode":420}]}}'
NEW = '{"ignition":{"version":"3.4.0"}}'
BUTANE = "variant: fcos\nversion: 1.5.0\n"

# call -> the version of the config, the codes of errors
CALLS: dict[str, tuple[Callable[[], tuple[Any, Any]], str | None, list[str]]] = {
    "compile Butane": (lambda: stoker.compile(BUTANE), "3.4.0", []),
    "compile bytes": (lambda: stoker.compile(BUTANE.encode()), "3.4.0", []),
    "compile Container Linux Config": (lambda: stoker.compile(CLC, platform="ec2"), "2.3.0", []),
    "compile it for nowhere": (lambda: stoker.compile(CLC), None, ["platform-needed"]),
    "compile it for the moon": (lambda: stoker.compile(CLC, platform="moon"), None, ["platform-unknown"]),
    "compile Ignition": (lambda: stoker.compile(NEW), None, ["is-ignition"]),
    "compile nothing": (lambda: stoker.compile(""), None, ["no-variant"]),
    "parse": (lambda: stoker.parse(NEW), "3.4.0", []),
    "parse Ignition 2": (lambda: stoker.parse(OLD), None, ["older-ignition"]),
    "parse Butane": (lambda: stoker.parse(BUTANE), None, ["not-ignition"]),
    "parse nothing": (lambda: stoker.parse(""), None, ["empty-config"]),
    "convert down": (lambda: stoker.convert(NEW, "2.4"), "2.4.0", []),
    "convert up": (lambda: stoker.convert(OLD, "3.4.0", filesystems={"data": "/srv"}), "3.4.0", []),
    "convert to no place": (lambda: stoker.convert(OLD, "3.4.0"), None, ["filesystem-elsewhere"]),
    "convert Container Linux Config": (lambda: stoker.convert(CLC, "3.4.0", platform="aws"), "3.4.0", []),
    "convert Butane": (lambda: stoker.convert(BUTANE, "3.4.0"), None, ["not-ignition"]),
}


@pytest.mark.parametrize(("call", "version", "errors"), CALLS.values(), ids=CALLS)
def test_calls(call: Callable[[], tuple[Any, Any]], version: str | None, errors: list[str]) -> None:
    config, report = call()
    assert [entry.code for entry in report if entry.is_error] == errors
    assert (config and config.ignition.version) == version
    assert config is None or f'"version":"{version}"'.encode() in stoker.encode(config)


def test_a_version_that_is_none_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="nothing converts to 4; there are"):
        stoker.convert(NEW, "4")


def test_no_config_is_not_written() -> None:
    config, report = stoker.compile("variant: fcos\n")
    assert report.has_errors
    with pytest.raises(TypeError, match="no config to encode"):
        stoker.encode(config)  # type: ignore[arg-type] -- what a caller who does not look passes on
