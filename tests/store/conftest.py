"""Each store in turn, for the tests of what all of them do; etcd is started once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from stoker.store import Store
from tests.store.etcds import PROGRAM, Cluster, cluster
from tests.store.places import EtcdPlace, FilePlace, Place


@pytest.fixture(scope="session")
def one_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if PROGRAM is None:
        pytest.skip("etcd is not installed (Debian: etcd-server)")
    with cluster(tmp_path_factory.mktemp("etcd"), 1) as started:
        yield started


@pytest.fixture(scope="session")
def three_etcds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if PROGRAM is None:
        pytest.skip("etcd is not installed (Debian: etcd-server)")
    with cluster(tmp_path_factory.mktemp("etcds"), 3) as started:
        yield started


@pytest.fixture(params=["files", "one etcd", "three etcds"])
def make_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    """Makes places that have nothing in them yet."""
    if request.param == "files":
        return lambda: FilePlace(tmp_path_factory.mktemp("files"))
    cluster = request.getfixturevalue(request.param.replace(" ", "_"))
    return lambda: EtcdPlace(cluster)


@pytest.fixture
def place(make_place: Callable[[], Place]) -> Place:
    return make_place()


@pytest.fixture
def opened(place: Place) -> Iterator[Callable[[], Store]]:
    """Opens stores of the place, and closes them in the end."""
    stores: list[Store] = []

    def open_one() -> Store:
        stores.append(place.open())
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()
