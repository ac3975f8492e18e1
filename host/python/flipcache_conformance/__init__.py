"""The runner of the conformance suite, `tests/conformance/`, for Python.

``python -m flipcache_conformance`` runs all cases in memory and over its own Redis server.
"""
