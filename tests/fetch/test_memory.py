"""How much memory a large body takes: as much as a small one."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

SIZE = 256 << 20
GROWTH = 32 << 10  # KiB

PROGRAM = """
import hashlib, resource, sys
from stoker.fetch import Fetcher, Source
url, compression, large = sys.argv[1:]
fetcher = Fetcher(environment={})
fetcher.read(Source(url + "/small"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = hashlib.sha256()
size = fetcher.copy_to(Source(url + "/large", compression=compression), found.update)
print(size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def plain(handler: Any) -> Any:
    """256 MiB, sent piece by piece."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(SIZE))
    handler.end_headers()
    piece = bytes(range(256)) * 4096
    for _ in range(SIZE // len(piece)):
        handler.wfile.write(piece)


def packed(handler: Any) -> Any:
    """256 MiB, compressed as much as is let through: noise between zeros."""
    import random  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    noise = random.Random(1).randbytes(1 << 13)
    handler.send_response(200)
    handler.end_headers()
    for _ in range(SIZE >> 20):
        handler.wfile.write(deflate.compress(noise + bytes((1 << 20) - len(noise))))
    handler.wfile.write(deflate.flush())


@pytest.mark.parametrize(("answer", "compression"), [(plain, ""), (packed, "gzip")], ids=["plain", "gzip"])
def test_a_body_of_256_mib_takes_less_than_32(serve: Any, answer: Any, compression: str) -> None:
    site = serve({"/small": (200, {}, b"x"), "/large": answer})
    command = [sys.executable, "-c", PROGRAM, site.url, compression, "large"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    size, growth = map(int, run.stdout.split())
    assert size == SIZE
    assert growth < GROWTH
