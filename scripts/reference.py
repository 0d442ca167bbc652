"""Write the reference pages of every variant to docs/reference/. Run by make, from the top of the tree."""

from __future__ import annotations

from pathlib import Path

from stoker.schema.reference import PAGES, page_of

for name in PAGES:
    (Path("docs") / "reference" / f"{name}.md").write_text(page_of(name))
