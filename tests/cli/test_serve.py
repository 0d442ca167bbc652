"""The verb serve with the languages behind it: what a machine gets is what `compile` makes of the rendered template."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TEMPLATES = {
    "butane.yaml": "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, contents: {inline: '{{.word}}'}}]}\n",
    "clc.yaml": "storage: {files: [{path: /a, filesystem: root, contents: {inline: '{{.word}}'}}]}\n",
    "plain.ign": '{"ignition":{"version":"3.4.0"}}',
    "slip.yaml": "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: a}]}\n",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a group, a profile and a template for each name, asked for by `name=`."""
    site = tmp_path_factory.mktemp("site")
    for folder in ("groups", "profiles", "ignition"):
        (site / folder).mkdir()
    for file, text in TEMPLATES.items():
        name = file.partition(".")[0]
        group = {"id": name, "profile": name, "selector": {"name": name}, "metadata": {"word": "hello"}}
        (site / f"groups/{name}.json").write_text(json.dumps(group))
        (site / f"profiles/{name}.json").write_text(json.dumps({"id": name, "ignition_id": file}))
        (site / f"ignition/{file}").write_text(text)
    words = [Path(sys.executable).parent / "stoker", "serve", site, "--address", "127.0.0.1:0", "--quiet"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.send_signal(signal.SIGTERM)
    assert server.returncode == 0


def ask(address: str, name: str) -> Any:
    with urllib.request.urlopen(f"{address}/ignition?name={name}") as response:
        return json.load(response)


VERSIONS = {"butane": "3.4.0", "clc": "2.3.0", "plain": "3.4.0"}


@pytest.mark.parametrize(("name", "version"), VERSIONS.items(), ids=VERSIONS)
def test_a_config_of_each_language(name: str, version: str, address: str) -> None:
    assert ask(address, name)["ignition"]["version"] == version


@pytest.mark.parametrize("name", ["butane", "clc"])
def test_templates_are_rendered_first(name: str, address: str) -> None:
    assert ask(address, name)["storage"]["files"][0]["contents"]["source"] == "data:,hello"


def test_a_broken_config_is_refused_with_the_line(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(address, "slip")
    assert refused.value.code == 500
    assert "slip.yaml:3" in refused.value.read().decode()


def test_a_key_ring_that_will_not_do_is_refused(tmp_path: Path) -> None:
    (tmp_path / "groups").mkdir()
    (tmp_path / "ring").write_text("text")
    words = [Path(sys.executable).parent / "stoker", "serve", tmp_path, "--address", "127.0.0.1:0"]
    run = subprocess.run([*words, "--key-ring", tmp_path / "ring"], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines()[1:] == [
        f"stoker: cannot sign by `{tmp_path}/ring`: openpgp: invalid data: tag byte does not have MSB set",
        "hint: it has to be a binary ring, as `gpg --export-secret-keys` writes it; --passphrase-file unlocks it",
    ]


def test_grpc_is_not_loaded_before_somebody_asks_for_it() -> None:
    program = "import sys, stoker.cli.serve; print(*{'grpc', 'google.protobuf', 'httptools'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "\n"
