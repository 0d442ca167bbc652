"""What the way from Container Linux Config to Ignition 3 does not carry: what only Container Linux and its heirs have.

In goes what became of a document; out come warnings, one for each section that a different system would not heed.
"""

from __future__ import annotations

from typing import Final

from stoker.butane.clc.compile import Compilation
from stoker.report import Pointer, Report, Severity
from stoker.schema import clc_messages as m

# section: what of the system it counts on
_COUNTS_ON: Final = {
    "etcd": "etcd-member.service and /usr/lib/coreos/etcd-wrapper",
    "flannel": "flanneld.service and /usr/lib/coreos/flannel-wrapper",
    "update": "update_engine, which reads /etc/coreos/update.conf",
    "locksmith": "locksmithd.service, which reads /etc/coreos/update.conf",
}


def find_bound(done: Compilation) -> Report:
    """Say which sections count on a system that is like Container Linux."""
    report = Report()
    if done.config is None or done.document is None:
        return report
    made: list[Pointer] = [("systemd", "units", index) for index in range(len(done.config.systemd.units))]
    made += [("storage", "files", index) for index in range(len(done.config.storage.files))]
    sections = dict.fromkeys(str(source[0]) for part in made for source in done.origins.trace(part) if source)
    for section in sections:
        if section in _COUNTS_ON:
            place = done.document.key_place((section,))
            report.add(Severity.WARNING, m.BOUND, (section,), place, section=section, what=_COUNTS_ON[section])
    return report
