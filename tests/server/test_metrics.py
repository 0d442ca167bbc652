"""The text that Prometheus reads, held against its own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from stoker.server.metrics import Counter, Gauge, Histogram, exposition

EXPECTED = """\
# HELP stoker_requests_total Requests answered.
# TYPE stoker_requests_total counter
stoker_requests_total{route="/ipxe",status="200"} 2
stoker_requests_total{route="a\\"b\\\\c\\n",status="404"} 1
# HELP stoker_plain_total Nothing yet.
# TYPE stoker_plain_total counter
stoker_plain_total 0
# HELP stoker_machines Machines.
# TYPE stoker_machines gauge
stoker_machines{state="up"} 2000000
stoker_machines{state="failed"} 1.5
# HELP stoker_spool Waiting.
# TYPE stoker_spool gauge
stoker_spool 7
# HELP stoker_seconds Time.
# TYPE stoker_seconds histogram
stoker_seconds_bucket{route="/ipxe",le="0.1"} 2
stoker_seconds_bucket{route="/ipxe",le="1.0"} 2
stoker_seconds_bucket{route="/ipxe",le="+Inf"} 3
stoker_seconds_sum{route="/ipxe"} 7.125
stoker_seconds_count{route="/ipxe"} 3
"""


def metrics_text() -> str:
    requests = Counter("stoker_requests_total", "Requests answered.", ("route", "status"))
    requests.add("/ipxe", "200")
    requests.add("/ipxe", "200")
    requests.add('a"b\\c\n', "404")
    plain = Counter("stoker_plain_total", "Nothing yet.")
    machines = Gauge("stoker_machines", "Machines.", lambda: {"up": 2_000_000, "failed": 1.5}, "state")
    spool = Gauge("stoker_spool", "Waiting.", lambda: 7)
    seconds = Histogram("stoker_seconds", "Time.", "route", (0.1, 1.0))
    for amount in (0.1, 0.025, 7.0):
        seconds.observe("/ipxe", amount)
    return exposition([requests, plain, machines, spool, seconds])


def test_the_text() -> None:
    assert metrics_text() == EXPECTED


def test_prometheus_reads_it_as_it_was_meant() -> None:
    read = {family.name: family for family in text_string_to_metric_families(metrics_text())}
    assert [(family.name, family.type) for family in read.values()] == [
        ("stoker_requests", "counter"),
        ("stoker_plain", "counter"),
        ("stoker_machines", "gauge"),
        ("stoker_spool", "gauge"),
        ("stoker_seconds", "histogram"),
    ]
    assert [sample.labels["route"] for sample in read["stoker_requests"].samples] == ["/ipxe", 'a"b\\c\n']
