"""What a person may have meant: a word comes in with the words there are, the nearest one goes out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def guess(word: str, words: Iterable[str]) -> str | None:
    """The nearest of `words`, None when none is near."""
    near = difflib.get_close_matches(word, list(words), n=1)
    return near[0] if near else None
