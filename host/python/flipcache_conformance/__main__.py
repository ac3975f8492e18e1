"""Runs the suite in memory and over Redis, writes the reports, and exits with 1 if a case has failed."""

from __future__ import annotations

import sys
import time

from .report import Report, run
from .server import Server
from .stores import InMemory, InRedis


def main() -> int:
    """Runs the suite and returns the exit code."""
    reports = [run("memory", InMemory)]
    with Server() as server:
        client = server.client()
        reports.append(run("Redis", lambda: InRedis(client, time.monotonic_ns)))
    for report in reports:
        _publish(report)
    return 1 if any(report.failed for report in reports) else 0


def _publish(report: Report) -> None:
    report.write()
    print(report.line())
    for name, problem in report.failed.items():
        print(f"  {name}: {problem}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
