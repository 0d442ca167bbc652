"""The account of a run, as text a person reads and as values a program reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from stoker.engine import Summary, lay_base, summarise, summary_text

Golden = Callable[[str, str], None]


def test_the_text(tree: Any, config: dict[str, Any], golden: Golden) -> None:
    lay_base(tree.system, tree.distribution)
    outcome = tree.provision(config)
    golden("summary.txt", summary_text(summarise(outcome, tree.system)))


def test_the_text_of_a_refusal(tree: Any, config: dict[str, Any], golden: Golden) -> None:
    lay_base(tree.system, tree.distribution)
    tree.lay({"/etc/hostname": "old"})
    config["storage"]["disks"] = [{"device": "/dev/sda"}]
    outcome = tree.provision(config)
    golden("refused.txt", summary_text(summarise(outcome, tree.system)))


def test_the_text_of_a_failure_on_the_way(tree: Any, golden: Golden) -> None:
    lay_base(tree.system, tree.distribution)
    contents = {"source": "data:,x", "verification": {"hash": f"sha256-{'00' * 32}"}}
    storage = {"files": [{"path": "/a", "contents": contents}]}
    outcome = tree.provision({"passwd": {"groups": [{"name": "web", "gid": 80}]}, "storage": storage})
    golden("failed.txt", summary_text(summarise(outcome, tree.system)))


def test_values_survive_json(tree: Any, config: dict[str, Any]) -> None:
    lay_base(tree.system, tree.distribution)
    summary = summarise(tree.provision(config), tree.system)
    assert msgspec.json.decode(msgspec.json.encode(summary), type=Summary) == summary


def test_what_is_gone_is_not_listed(tree: Any) -> None:
    lay_base(tree.system, tree.distribution)
    outcome = tree.provision({"passwd": {"users": [{"name": "core", "shouldExist": False}]}})
    summary = summarise(outcome, tree.system)
    assert [node.path for node in summary.nodes] == ["/etc/.ignition-result.json"]
    assert "user  core  removed" in summary_text(summary)
