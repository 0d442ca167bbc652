"""What is kept of what was made: by its size, the last used last to go."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.machines.cache import ENTRY_BYTES, Cache


def test_a_value_is_made_once_while_it_is_kept() -> None:
    cache = Cache(len, bound=10 * ENTRY_BYTES)
    made: list[str] = []

    def make(name: str) -> bytes:
        made.append(name)
        return name.encode()

    for name in ("a", "b", "a", "a"):
        assert cache.get(name, lambda name=name: make(name)) == name.encode()
    assert made == ["a", "b"]
    assert (cache.hits, cache.misses, len(cache), cache.size) == (2, 2, 2, 2 + 2 * ENTRY_BYTES)


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache = Cache(len, bound=2 * (ENTRY_BYTES + 1))
    for name in "aba":
        cache.get(name, lambda: b"x")
    cache.get("c", lambda: b"x")
    assert list(cache.values) == ["a", "c"]


def test_what_is_too_large_alone_drives_nothing_out() -> None:
    cache = Cache(len, bound=2 * ENTRY_BYTES)
    cache.get("small", lambda: b"x")
    assert cache.get("large", lambda: bytes(2 * ENTRY_BYTES)) == bytes(2 * ENTRY_BYTES)
    assert list(cache.values) == ["small"]


@settings(derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5000)), max_size=200))
def test_its_size_is_that_of_what_it_keeps(asked: list[tuple[int, int]]) -> None:
    cache = Cache(len, bound=20_000)
    for key, size in asked:
        value = cache.get((key, size), lambda size=size: bytes(size))
        assert len(value) == size
        assert cache.size == sum(len(each) + ENTRY_BYTES for each in cache.values.values()) <= cache.bound
    assert cache.hits + cache.misses == len(asked)
