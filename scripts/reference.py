"""Write the reference pages of every variant to docs/reference/. Run by make, from the top of the tree."""

from __future__ import annotations

from pathlib import Path

from stoker.schema.reference import VARIANTS, page_of

for variant in VARIANTS:
    (Path("docs") / "reference" / f"{variant}.md").write_text(page_of(variant))
