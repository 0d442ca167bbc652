"""Contents of files: in goes what a config says of them and of fetching, out come the Sources and Settings to fetch by.

Source: the Ignition specification, `storage.files.contents` and `ignition.{proxy,security,timeouts}`.
"""

from __future__ import annotations

import hashlib

from stoker.fetch import Proxies, Settings, Source
from stoker.ignition.encode import encode
from stoker.schema.v3 import Config, Proxy, Resource, Timeouts


def source_of(resource: Resource) -> Source:
    """What a resource of the config says. A header without a value is one that a merge took away."""
    return Source(
        resource.source or "",
        tuple((header.name, header.value) for header in resource.http_headers if header.value is not None),
        resource.compression or "",
        (resource.verification and resource.verification.hash) or "",
    )


def digest_of_config(config: Config) -> str:
    """The SHA-512 of a config, written as the server sends one."""
    return hashlib.sha512(encode(config)).hexdigest()


def settings_of(config: Config) -> Settings:
    """How a config wants what it names to be fetched."""
    times, proxy = config.ignition.timeouts or Timeouts(), config.ignition.proxy or Proxy()
    tls = config.ignition.security and config.ignition.security.tls
    wait = times.http_response_headers
    return Settings(
        response_headers=Settings().response_headers if wait is None else wait,
        total=times.http_total or 0,
        proxies=Proxies(proxy.http_proxy or "", proxy.https_proxy or "", tuple(proxy.no_proxy)),
        authorities=tuple(map(source_of, tls.certificate_authorities)) if tls else (),
    )
