"""The container image: it builds from Debian's packages alone, and its program is stoker."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ("buildah", "mmdebstrap")
# What a build takes from this machine to reach the package indexes as the machine does.
SHARED = ("/etc/apt", "/etc/ssl/certs", "/etc/pip.conf")

Buildah = Callable[..., subprocess.CompletedProcess[bytes]]

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(os.geteuid() != 0, reason="building an image takes root"),
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"{' or '.join(TOOLS)} is not installed"),
]


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Buildah:
    """Buildah with its own store and an image `base`, as a registry would have it."""
    state = tmp_path_factory.mktemp("images")
    environment = os.environ | {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}

    def run(*words: str | Path, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = ["buildah", "--root", state / "store", "--runroot", state / "run", *words]
        return subprocess.run(command, input=text, env=environment, capture_output=True, check=True)

    base = tmp_path_factory.mktemp("base")
    (base / "Containerfile").write_text("FROM scratch\nADD base.tar /\n")
    suite = next(
        line.partition("=")[2]
        for line in Path("/etc/os-release").read_text().splitlines()
        if line.startswith("VERSION_CODENAME=")
    )
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", suite, base / "base.tar"],
        check=True,
    )
    run("build", "-t", "localhost/base", base)
    return run


def test_the_image_is_the_program(buildah: Buildah) -> None:
    shared = [word for path in SHARED if os.path.exists(path) for word in ("-v", f"{path}:{path}:ro")]
    buildah("build", "--build-arg", "BASE=localhost/base", *shared, "-t", "localhost/stoker", ROOT)
    inspected = buildah("inspect", "--type", "image", "--format", "{{.OCIv1.Config.Entrypoint}}", "localhost/stoker")
    assert inspected.stdout.decode().strip() == "[stoker]"
    container = buildah("from", "localhost/stoker").stdout.decode().strip()
    done = buildah("run", container, "--", "stoker", "butane", text=(ROOT / "examples/fcos-simple.bu").read_bytes())
    assert done.stdout.startswith(b'{"ignition":{"version":"3.')
