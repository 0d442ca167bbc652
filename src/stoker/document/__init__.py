"""Texts into nodes that know file, line and column. Knows no schema."""
