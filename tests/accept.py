"""Take what the golden cases give now for what they shall give: `python -m tests.accept [TOPIC/NAME...]`.

Read the difference before it is committed.
"""

from __future__ import annotations

import sys

from tests.butane.golden import accept, cases


def main(names: list[str]) -> None:
    for case in cases():
        if not names or case.name in names:
            accept(case)


if __name__ == "__main__":
    main(sys.argv[1:])
