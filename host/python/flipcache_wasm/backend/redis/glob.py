"""Patterns for ``SCAN … MATCH``: <https://redis.io/docs/latest/commands/keys/>."""

from __future__ import annotations


def starting_with(prefix: str) -> str:
    """A pattern that fits every key that begins with ``prefix``, taken literally, and no other."""
    return "".join("\\" + one if one in r"*?[]\^-" else one for one in prefix) + "*"
