"""Through whom a request goes: in go a URL and what the config says of proxies, out comes the proxy's URL, or none.

The environment says nothing here: a machine's first boot has none worth asking. The rules for hosts that are reached
directly are those of golang.org/x/net/http/httpproxy, which Ignition uses: `*`, networks, addresses, names and their
subdomains, each with a port or without; localhost always is.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from stoker.fetch.source import Proxies
from stoker.fetch.urls import Url

Address = IPv4Address | IPv6Address


def proxy_for(url: Url, proxies: Proxies) -> str:
    """The URL of the proxy to go through; empty when there is none."""
    proxy = proxies.https if url.scheme == "https" else proxies.http
    if not proxy or is_direct(url.host, url.port, proxies.direct):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def is_direct(host: str, port: int, rules: tuple[str, ...]) -> bool:
    """Whether a host is reached without a proxy."""
    host = host.lower().strip()
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    words = [word.strip().lower() for rule in rules for word in rule.split(",")]
    return any(word == "*" or _matches(word, host, address, str(port)) for word in words if word)


def _matches(rule: str, host: str, address: Address | None, port: str) -> bool:
    network = _network(rule)
    if network is not None:
        return address is not None and address.version == network.version and address in network
    name, wanted_port = _split_port(rule)
    if wanted_port not in {"", port} or not name:
        return False
    wanted = _address(name)
    if wanted is not None:
        return address == wanted
    name = name[1:] if name.startswith("*.") else name
    return host.endswith(name if name.startswith(".") else f".{name}") or host == name


def _network(rule: str) -> IPv4Network | IPv6Network | None:
    """A network in CIDR notation. Bits beyond the prefix are forgiven; netmasks are not known."""
    _, slash, prefix = rule.partition("/")
    if not slash or not (prefix.isascii() and prefix.isdigit()):
        return None
    try:
        return ip_network(rule, strict=False)
    except ValueError:
        return None


def _split_port(rule: str) -> tuple[str, str]:
    """Name and port of `NAME:PORT`, `[ADDRESS]:PORT`, or of either without a port."""
    if rule.startswith("["):
        name, _, rest = rule[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = rule.partition(":")
    return (rule, "") if not colon or ":" in port else (name, port)


def _address(host: str) -> Address | None:
    """The address that a host is, not its name; IPv4 within IPv6 is IPv4."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
