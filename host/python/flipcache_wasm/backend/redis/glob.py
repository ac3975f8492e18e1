"""Patterns for ``SCAN … MATCH``: <https://redis.io/docs/latest/commands/keys/>."""

from __future__ import annotations


def starting_with(prefix: str) -> str:
    """Returns a pattern that matches the keys that begin with ``prefix``, taken literally."""
    return "".join("\\" + one if one in r"*?[]\^-" else one for one in prefix) + "*"
