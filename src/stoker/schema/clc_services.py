"""The services that Container Linux Config knows: Docker, etcd, flannel, and what updates the system.

Rows as in `clc.py`. Flags of etcd and flannel are dated by the version of that program: for each edition of the program
there is a Spec, and `edition` finds it. A version that is none of those known has no flags at all.

Source: doc/configuration.md of the project container-linux-config-transpiler, as of 0.9.0, and the configuration
pages of etcd 2.3 to 3.3 and flannel 0.5 to 0.7.
"""

from typing import Annotated, ClassVar, Final

from stoker.schema.marks import Dates, since
from stoker.schema.objects import Object
from stoker.schema.specs import ETCD, ETCD_2, FLANNEL, Spec, version_order

ALWAYS: Final = since("0.0")
EVEN_UNKNOWN: Final = Dates(-1)


class Docker(Object):
    """The Docker daemon."""

    flags: Annotated[list[str], ALWAYS, "Further arguments for the daemon."] = []


class Update(Object):
    """Where the system's updates come from."""

    group: Annotated[str, ALWAYS, "Channel: stable, beta or alpha, or a group of another server."] = ""
    server: Annotated[str, ALWAYS, "URL of the update server."] = ""


class Locksmith(Object):
    """When the machine may reboot for an update."""

    reboot_strategy: Annotated[str | None, ALWAYS, "Strategy: reboot, etcd-lock or off."] = None
    window_start: Annotated[str | None, ALWAYS, "Start of the window: `Thu 04:00`, or a time of every day."] = None
    window_length: Annotated[str | None, ALWAYS, "Length of the window: `1h30m`."] = None
    group: Annotated[str | None, ALWAYS, "Group of machines that share a lock."] = None
    etcd_endpoints: Annotated[str | None, ALWAYS, "URLs of the etcd that has the lock."] = None
    etcd_cafile: Annotated[str | None, ALWAYS, "Bundle to check etcd by."] = None
    etcd_certfile: Annotated[str | None, ALWAYS, "Certificate shown to etcd."] = None
    etcd_keyfile: Annotated[str | None, ALWAYS, "Key of that certificate."] = None


class Service(Object):
    """A program whose flags depend on its version. `FLAGS`: rows whose flag has another name than the row."""

    FLAGS: ClassVar[dict[str, str]] = {}

    version: Annotated[str | None, EVEN_UNKNOWN, "Version of the program, three numbers."] = None


class Etcd2(Service):
    """The etcd of 2.3: its flags, in the order in which they are written."""

    advertise_client_urls: Annotated[str | None, since("2.3"), "URLs that clients are told."] = None
    ca_file: Annotated[str | None, since("2.3"), "Deprecated: bundle to check clients by."] = None
    cert_file: Annotated[str | None, since("2.3"), "Certificate shown to clients."] = None
    client_cert_auth: Annotated[bool | None, since("2.3"), "Ask clients for certificates."] = None
    cors: Annotated[str | None, since("2.3"), "Origins that browsers may come from."] = None
    data_dir: Annotated[str | None, since("2.3"), "Directory of the data."] = None
    debug: Annotated[bool | None, since("2.3"), "Log more."] = None
    discovery: Annotated[str | None, since("2.3"), "URL of a discovery service."] = None
    discovery_fallback: Annotated[str | None, since("2.3"), "What to do when discovery fails: `exit` or `proxy`."] = (
        None
    )
    discovery_srv: Annotated[str | None, since("2.3"), "Domain whose SRV records name the members."] = None
    discovery_proxy: Annotated[str | None, since("2.3"), "Proxy to the discovery service."] = None
    election_timeout: Annotated[int | None, since("2.3"), "Milliseconds before a new election."] = None
    enable_pprof: Annotated[bool | None, since("2.3"), "Serve profiles over HTTP."] = None
    force_new_cluster: Annotated[bool | None, since("2.3"), "Begin a new cluster of one with this data."] = None
    heartbeat_interval: Annotated[int | None, since("2.3"), "Milliseconds between heartbeats."] = None
    initial_advertise_peer_urls: Annotated[str | None, since("2.3"), "URLs that other members are told at first."] = (
        None
    )
    initial_cluster: Annotated[str | None, since("2.3"), "Members of a new cluster."] = None
    initial_cluster_state: Annotated[str | None, since("2.3"), "`new` or `existing`."] = None
    initial_cluster_token: Annotated[str | None, since("2.3"), "Token of a new cluster."] = None
    key_file: Annotated[str | None, since("2.3"), "Key of that certificate."] = None
    listen_client_urls: Annotated[str | None, since("2.3"), "URLs to listen on for clients."] = None
    listen_peer_urls: Annotated[str | None, since("2.3"), "URLs to listen on for members."] = None
    log_package_levels: Annotated[str | None, since("2.3"), "Log levels by package."] = None
    max_snapshots: Annotated[int | None, since("2.3"), "Snapshots to keep."] = None
    max_wals: Annotated[int | None, since("2.3"), "Write-ahead logs to keep."] = None
    name: Annotated[str | None, since("2.3"), "Name of the member."] = None
    peer_ca_file: Annotated[str | None, since("2.3"), "Deprecated: bundle to check members by."] = None
    peer_cert_file: Annotated[str | None, since("2.3"), "Certificate shown to members."] = None
    peer_key_file: Annotated[str | None, since("2.3"), "Key of that certificate."] = None
    peer_client_cert_auth: Annotated[bool | None, since("2.3"), "Ask members for certificates."] = None
    peer_trusted_ca_file: Annotated[str | None, since("2.3"), "Bundle to check members by."] = None
    proxy: Annotated[str | None, since("2.3"), "Be a proxy: `off`, `readonly` or `on`."] = None
    proxy_dial_timeout: Annotated[int | None, since("2.3"), "Milliseconds to wait for a connection."] = None
    proxy_failure_wait: Annotated[int | None, since("2.3"), "Milliseconds before a failed member is asked again."] = (
        None
    )
    proxy_read_timeout: Annotated[int | None, since("2.3"), "Milliseconds to wait for a read."] = None
    proxy_refresh_interval: Annotated[int | None, since("2.3"), "Milliseconds between looks for members."] = None
    proxy_write_timeout: Annotated[int | None, since("2.3"), "Milliseconds to wait for a write."] = None
    snapshot_count: Annotated[int | None, since("2.3"), "Transactions between two snapshots."] = None
    strict_reconfig_check: Annotated[bool | None, since("2.3"), "Refuse a change that would lose the quorum."] = None
    trusted_ca_file: Annotated[str | None, since("2.3"), "Bundle to check clients by."] = None
    wal_dir: Annotated[str | None, since("2.3"), "Directory of the write-ahead log."] = None


class Etcd3(Service):
    """The etcd of 3.0 to 3.2: its flags, in the order in which they are written."""

    name: Annotated[str | None, since("3.0"), "Name of the member."] = None
    data_dir: Annotated[str | None, since("3.0"), "Directory of the data."] = None
    wal_dir: Annotated[str | None, since("3.0"), "Directory of the write-ahead log."] = None
    snapshot_count: Annotated[int | None, since("3.0"), "Transactions between two snapshots."] = None
    heartbeat_interval: Annotated[int | None, since("3.0"), "Milliseconds between heartbeats."] = None
    election_timeout: Annotated[int | None, since("3.0"), "Milliseconds before a new election."] = None
    enable_pprof: Annotated[bool | None, since("3.0"), "Serve profiles over HTTP."] = None
    enable_v2: Annotated[bool | None, since("3.2"), "Answer version 2 of the API."] = None
    listen_peer_urls: Annotated[str | None, since("3.0"), "URLs to listen on for members."] = None
    listen_client_urls: Annotated[str | None, since("3.0"), "URLs to listen on for clients."] = None
    max_snapshots: Annotated[int | None, since("3.0"), "Snapshots to keep."] = None
    max_wals: Annotated[int | None, since("3.0"), "Write-ahead logs to keep."] = None
    cors: Annotated[str | None, since("3.0"), "Origins that browsers may come from."] = None
    quota_backend_bytes: Annotated[int | None, since("3.3"), "Bytes the database may grow to."] = None
    max_txn_ops: Annotated[int | None, since("3.3"), "Operations in a transaction."] = None
    max_request_bytes: Annotated[int | None, since("3.3"), "Bytes in a request."] = None
    grpc_keepalive_min_time: Annotated[str | None, since("3.3"), "Shortest time between a client's pings."] = None
    grpc_keepalive_interval: Annotated[str | None, since("3.3"), "Time between pings to a client."] = None
    grpc_keepalive_timeout: Annotated[str | None, since("3.3"), "Time before a silent client is dropped."] = None
    initial_advertise_peer_urls: Annotated[str | None, since("3.0"), "URLs that other members are told at first."] = (
        None
    )
    initial_cluster: Annotated[str | None, since("3.0"), "Members of a new cluster."] = None
    initial_cluster_state: Annotated[str | None, since("3.0"), "`new` or `existing`."] = None
    initial_cluster_token: Annotated[str | None, since("3.0"), "Token of a new cluster."] = None
    advertise_client_urls: Annotated[str | None, since("3.0"), "URLs that clients are told."] = None
    discovery: Annotated[str | None, since("3.0"), "URL of a discovery service."] = None
    discovery_srv: Annotated[str | None, since("3.0"), "Domain whose SRV records name the members."] = None
    discovery_fallback: Annotated[str | None, since("3.0"), "What to do when discovery fails: `exit` or `proxy`."] = (
        None
    )
    discovery_proxy: Annotated[str | None, since("3.0"), "Proxy to the discovery service."] = None
    strict_reconfig_check: Annotated[bool | None, since("3.0"), "Refuse a change that would lose the quorum."] = None
    auto_compaction_retention: Annotated[int | None, since("3.0"), "Hours of history to keep."] = None
    auto_compaction_mode: Annotated[str | None, since("3.3"), "How history is measured: `periodic` or `revision`."] = (
        None
    )
    proxy: Annotated[str | None, since("3.0"), "Be a proxy: `off`, `readonly` or `on`."] = None
    proxy_failure_wait: Annotated[int | None, since("3.0"), "Milliseconds before a failed member is asked again."] = (
        None
    )
    proxy_refresh_interval: Annotated[int | None, since("3.0"), "Milliseconds between looks for members."] = None
    proxy_dial_timeout: Annotated[int | None, since("3.0"), "Milliseconds to wait for a connection."] = None
    proxy_write_timeout: Annotated[int | None, since("3.0"), "Milliseconds to wait for a write."] = None
    proxy_read_timeout: Annotated[int | None, since("3.0"), "Milliseconds to wait for a read."] = None
    ca_file: Annotated[str | None, since("3.0"), "Deprecated: bundle to check clients by."] = None
    cert_file: Annotated[str | None, since("3.0"), "Certificate shown to clients."] = None
    key_file: Annotated[str | None, since("3.0"), "Key of that certificate."] = None
    client_cert_auth: Annotated[bool | None, since("3.0"), "Ask clients for certificates."] = None
    client_crl_file: Annotated[str | None, since("3.3"), "List of revoked client certificates."] = None
    trusted_ca_file: Annotated[str | None, since("3.0"), "Bundle to check clients by."] = None
    auto_tls: Annotated[bool | None, since("3.0"), "Make certificates for clients by itself."] = None
    peer_ca_file: Annotated[str | None, since("3.0"), "Deprecated: bundle to check members by."] = None
    peer_cert_file: Annotated[str | None, since("3.0"), "Certificate shown to members."] = None
    peer_key_file: Annotated[str | None, since("3.0"), "Key of that certificate."] = None
    peer_client_cert_auth: Annotated[bool | None, since("3.0"), "Ask members for certificates."] = None
    peer_crl_file: Annotated[str | None, since("3.3"), "List of revoked member certificates."] = None
    peer_trusted_ca_file: Annotated[str | None, since("3.0"), "Bundle to check members by."] = None
    peer_auto_tls: Annotated[bool | None, since("3.0"), "Make certificates for members by itself."] = None
    peer_cert_allowed_cn: Annotated[str | None, since("3.3"), "Common name that members must show."] = None
    auth_token: Annotated[str | None, since("3.2"), "Kind of authentication token."] = None
    debug: Annotated[bool | None, since("3.0"), "Log more."] = None
    log_package_levels: Annotated[str | None, since("3.0"), "Log levels by package."] = None
    force_new_cluster: Annotated[bool | None, since("3.0"), "Begin a new cluster of one with this data."] = None
    metrics: Annotated[str | None, since("3.1"), "How much to measure: `basic` or `extensive`."] = None
    log_output: Annotated[str | None, since("3.1"), "Where the log goes."] = None
    listen_metrics_urls: Annotated[str | None, since("3.3"), "URLs to serve measurements on."] = None
    experimental_initial_corrupt_check: Annotated[
        bool | None, since("3.3"), "Check the data against other members before serving."
    ] = None
    experimental_corrupt_check_time: Annotated[str | None, since("3.3"), "Time between checks of the data."] = None
    experimental_enable_v2v3: Annotated[
        str | None, since("3.3"), "Serve version 2 from version 3 below this prefix."
    ] = None


class Etcd33(Etcd3):
    """The etcd of 3.3, where a row changed its type."""

    auto_compaction_retention: Annotated[str | None, since("3.3"), "How much history to keep."] = None  # type: ignore[assignment]


class Flannel(Service):
    """The network between the containers of several hosts: its flags, in the order in which they are written."""

    FLAGS: ClassVar[dict[str, str]] = {"interface": "iface"}

    network_config: Annotated[str, EVEN_UNKNOWN, "Description of the network, JSON, written to etcd first."] = ""
    etcd_username: Annotated[str | None, since("0.6"), "User to log in to etcd as."] = None
    etcd_password: Annotated[str | None, since("0.6"), "Password of that user."] = None
    etcd_endpoints: Annotated[str | None, since("0.5"), "URLs of etcd, with commas between."] = None
    etcd_cafile: Annotated[str | None, since("0.5"), "Bundle to check etcd by."] = None
    etcd_certfile: Annotated[str | None, since("0.5"), "Certificate shown to etcd."] = None
    etcd_keyfile: Annotated[str | None, since("0.5"), "Key of that certificate."] = None
    etcd_prefix: Annotated[str | None, since("0.5"), "Where in etcd the network is written."] = None
    ip_masq: Annotated[str | None, since("0.5"), "Masquerade what leaves the network."] = None
    subnet_file: Annotated[str | None, since("0.5"), "File the subnet is written to."] = None
    interface: Annotated[str | None, since("0.5"), "Interface between the hosts."] = None
    public_ip: Annotated[str | None, since("0.5"), "Address that other hosts reach."] = None
    kube_subnet_mgr: Annotated[bool | None, since("0.7"), "Ask Kubernetes rather than etcd."] = None


Etcd = Etcd2 | Etcd3 | Etcd33
Edition = tuple[type[Service], Spec]

_UNKNOWN_ETCD: Final = (Etcd3, Spec("etcd", "unknown", -1, "clc"))
_UNKNOWN_FLANNEL: Final = (Flannel, Spec("flannel", "unknown", -1, "clc"))
_ETCD_2: Final = (Etcd2, ETCD_2)
_ETCD_3: Final = tuple((Etcd33 if spec == ETCD[-1] else Etcd3, spec) for spec in ETCD)
_FLANNEL: Final = {spec.minor: (Flannel, spec) for spec in FLANNEL}
# Every class of flags with each version that it is for.
EDITIONS: Final[tuple[Edition, ...]] = (_ETCD_2, *_ETCD_3, *_FLANNEL.values())


def etcd_edition(version: str | None) -> Edition:
    """The flags of an etcd: those of the newest one known before it, those of 3.0 when no version is given."""
    major, minor, _ = numbers(version or "3.0.0")
    if major == 2 and minor >= 3:
        return _ETCD_2
    return _ETCD_3[min(minor, 3)] if major == 3 and minor >= 0 else _UNKNOWN_ETCD


def flannel_edition(version: str | None) -> Edition:
    """The flags of a flannel: those of the newest one known before it, those of 0.6 when no version is given."""
    major, minor, _ = numbers(version or "0.6.0")
    return _FLANNEL.get(min(minor, 7), _UNKNOWN_FLANNEL) if major == 0 else _UNKNOWN_FLANNEL


def edition_without_version(section: str) -> Edition:
    """The flags of the section `etcd` or `flannel` when it names no version."""
    return etcd_edition(None) if section == "etcd" else flannel_edition(None)


def edition(service: Service) -> Spec:
    """The spec that a decoded service was read by."""
    return edition_of(service)[1]


def edition_of(service: Service) -> Edition:
    """The flags that a decoded service may have."""
    return (flannel_edition if isinstance(service, Flannel) else etcd_edition)(service.version)


def numbers(version: str) -> tuple[int, ...]:
    """The three numbers of a version."""
    return version_order(version.partition("+")[0])
