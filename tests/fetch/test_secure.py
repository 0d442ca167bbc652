"""https with certificate authorities of the config, and proxies, against servers on loopback."""

from __future__ import annotations

import base64
import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from ssl import SSLContext
from typing import Any

import pytest

from stoker.fetch import BadSource, GaveUp, Proxies, Settings, Source

OK = (200, {}, b"text")


def embedded(bundle: bytes) -> Source:
    return Source("data:;base64," + base64.b64encode(bundle).decode())


def test_an_authority_of_the_config_is_trusted(serve: Any, bench: Any, authority: Any) -> None:
    site = serve({"/f": OK}, authority.context)
    settings = Settings(authorities=(embedded(authority.bundle),))
    assert bench.fetcher(settings).read(Source(site.url + "/f")) == b"text"
    assert 'Adding "test-authority" to list of CAs' in bench.said


def test_an_authority_may_be_fetched(serve: Any, bench: Any, authority: Any) -> None:
    plain = serve({"/ca": (200, {}, gzip.compress(authority.bundle))})
    site = serve({"/f": OK}, authority.context)
    settings = Settings(authorities=(Source(plain.url + "/ca", compression="gzip"),))
    fetcher = bench.fetcher(settings)
    assert [fetcher.read(Source(site.url + "/f")) for _ in range(2)] == [b"text"] * 2
    assert plain.asked.targets == ["/ca"]


def test_nobody_else_is_trusted(serve: Any, bench: Any, authority: Any) -> None:
    site = serve({"/f": OK}, authority.context)
    with pytest.raises(GaveUp, match="its certificate is not trusted: unable to get local issuer certificate"):
        bench.fetcher(Settings(total=0.5)).read(Source(site.url + "/f"))


def test_a_name_that_the_certificate_does_not_hold(serve: Any, bench: Any, authority: Any) -> None:
    site = serve({"/f": OK}, authority.context)
    settings = Settings(total=0.5, authorities=(embedded(authority.bundle),))
    with pytest.raises(GaveUp, match=r"its certificate is not trusted: .*localhost"):
        bench.fetcher(settings).read(Source(f"https://localhost:{site.port}/f"))


def test_https_to_a_server_that_speaks_http(serve: Any, bench: Any) -> None:
    site = serve({"/f": OK})
    with pytest.raises(GaveUp, match="TLS failed: "):
        bench.fetcher(Settings(total=0.5)).read(Source(f"https://127.0.0.1:{site.port}/f"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda pem: b"nothing", "there is no certificate in it"),
        (lambda pem: pem + b"nothing", "something stands after certificate 1"),
        (lambda pem: pem.replace(b"CERTIFICATE", b"RSA PRIVATE KEY"), "it holds a `RSA PRIVATE KEY`"),
        (lambda pem: pem.replace(b"\nMII", b"\nAAA"), "certificate 1 is not one"),
        (lambda pem: pem + b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----", "invalid base64"),
    ],
    ids=["nothing", "something after", "a key", "not a certificate", "not base64"],
)
def test_bundles_that_are_none(bench: Any, authority: Any, change: Any, reason: str) -> None:
    settings = Settings(authorities=(embedded(change(authority.bundle)),))
    with pytest.raises(BadSource, match=f"unable to decode PEM block: .*{reason}"):
        bench.fetcher(settings).read(Source("https://127.0.0.1:1/f"))


@pytest.mark.parametrize("bundle", [lambda pem: b"a comment\n" + pem + b"\n\n", lambda pem: pem + pem, lambda pem: b""])
def test_bundles_that_are_some(serve: Any, bench: Any, authority: Any, bundle: Any) -> None:
    site = serve({"/f": OK}, authority.context)
    settings = Settings(authorities=(embedded(bundle(authority.bundle)), embedded(authority.bundle)))
    assert bench.fetcher(settings).read(Source(site.url + "/f")) == b"text"


def test_http_goes_through_its_proxy(serve: Any, bench: Any) -> None:
    proxy = serve({"*": OK})
    settings = Settings(proxies=Proxies(http=f"http://me:secret@127.0.0.1:{proxy.port}"))
    assert bench.fetcher(settings).read(Source("http://site.test/f?a=b")) == b"text"
    (method, target, headers), *_ = proxy.asked
    assert (method, target) == ("GET", "http://site.test/f?a=b")
    assert (headers["host"], headers["proxy-authorization"]) == ("site.test", "Basic bWU6c2VjcmV0")
    assert "secret" not in "".join(bench.said)


class Tunnel:
    """A proxy that knows CONNECT, to the one server that it is given, whatever is asked for."""

    def __init__(self, port: int, status: str = "200 OK", context: SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self.port = self._listener.getsockname()[1]
        self.heads: list[str] = []
        self._status = status
        self._to = port
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._context is not None:
                    client = self._context.wrap_socket(client, server_side=True)
                head = client.recv(4096)
                self.heads.append(head.decode())
                client.sendall(f"HTTP/1.1 {self._status}\r\n\r\n".encode())
                if self._status.startswith("200"):
                    server = socket.create_connection(("127.0.0.1", self._to))
                    for ends in ((client, server), (server, client)):
                        self._threads.append(threading.Thread(target=self._pass, args=ends))
                        self._threads[-1].start()
                else:
                    client.close()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def tunnel() -> Iterator[Any]:
    made: list[Tunnel] = []

    def make(port: int, status: str = "200 OK", context: SSLContext | None = None) -> Tunnel:
        made.append(Tunnel(port, status, context))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_https_goes_through_a_tunnel(serve: Any, bench: Any, authority: Any, tunnel: Any) -> None:
    site = serve({"/f": OK}, authority.context)
    proxy = tunnel(site.port)
    settings = Settings(
        proxies=Proxies(https=f"me:secret@127.0.0.1:{proxy.port}"), authorities=(embedded(authority.bundle),)
    )
    assert bench.fetcher(settings).read(Source("https://site.test/f")) == b"text"
    assert proxy.heads == [
        "CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    ]
    assert site.asked[0][2]["host"] == "site.test"


def test_https_goes_through_a_secured_tunnel(serve: Any, bench: Any, authority: Any, tunnel: Any) -> None:
    content = bytes(range(256)) * 4000
    site = serve({"/f": (200, {}, content)}, authority.context)
    proxy = tunnel(site.port, context=authority.context)
    settings = Settings(
        proxies=Proxies(https=f"https://127.0.0.1:{proxy.port}"), authorities=(embedded(authority.bundle),)
    )
    fetcher = bench.fetcher(settings)
    assert fetcher.read(Source("https://site.test/f")) == content


def test_http_goes_through_a_secured_proxy(serve: Any, bench: Any, authority: Any) -> None:
    proxy = serve({"*": OK}, authority.context)
    settings = Settings(proxies=Proxies(http=proxy.url), authorities=(embedded(authority.bundle),))
    assert bench.fetcher(settings).read(Source("http://site.test/f")) == b"text"
    assert proxy.asked.targets == ["http://site.test/f"]


def test_a_server_behind_a_proxy_is_trusted_no_more(serve: Any, bench: Any, authority: Any, tunnel: Any) -> None:
    proxy = tunnel(serve({"/f": OK}, authority.context).port, context=authority.context)
    settings = Settings(
        total=0.5, proxies=Proxies(https=f"https://127.0.0.1:{proxy.port}"), authorities=(embedded(authority.bundle),)
    )
    with pytest.raises(GaveUp, match=r"its certificate is not trusted: .*other\.test"):
        bench.fetcher(settings).read(Source("https://other.test/f"))


def test_a_proxy_that_refuses(bench: Any, tunnel: Any) -> None:
    proxy = tunnel(0, "407 Proxy Authentication Required")
    settings = Settings(total=0.5, proxies=Proxies(https=f"http://127.0.0.1:{proxy.port}"))
    with pytest.raises(
        GaveUp, match=r"the proxy answered 407 proxy authentication required, through the proxy `http://127.0.0.1:"
    ):
        bench.fetcher(settings).read(Source("https://site.test/f"))


@pytest.mark.parametrize("proxy", ["socks5://h:1", "http://"])
def test_proxies_that_cannot_be_used(bench: Any, proxy: str) -> None:
    with pytest.raises(BadSource):
        bench.fetcher(Settings(proxies=Proxies(http=proxy))).read(Source("http://site.test/f"))
