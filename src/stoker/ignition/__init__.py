"""The Ignition config: parse, judge, convert, merge, write.

Nothing is imported here: a command that only merges and writes does not pay for the translators.
"""
