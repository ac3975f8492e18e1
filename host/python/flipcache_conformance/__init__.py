"""The conformance suite, `tests/conformance/`, for this host.

``python -m flipcache_conformance`` runs all cases in memory and over a Redis of its own.
"""
