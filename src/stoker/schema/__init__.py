"""The tables of fields and rules, by family and version, and what derives from them."""
