"""The conformance suite passes, and its runner detects wrong outcomes."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Dict, List

import pytest
import redis

from flipcache_conformance import report
from flipcache_conformance.interface import Interfaces
from flipcache_conformance.runner import Case, Failed
from flipcache_conformance.stores import InMemory, InRedis

OPEN = {"open": "c", "name": "user", "options": {}}
SET = {"call": "c.set", "with": ["a", {"text": "1"}, "inherit"], "expect-calls": [["user", "set", [["a", "1"]], None]]}


@pytest.fixture(scope="module")
def interfaces() -> Interfaces:
    return Interfaces()


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(report.VARIABLE, str(tmp_path))
    return tmp_path


def test_all_cases_pass_in_memory(reports: Path) -> None:
    ran = report.run("memory", InMemory)
    assert ran.failed == {}
    assert ran.left_out == {}
    written = json.loads(ran.write().read_text())
    assert (reports / "python-memory.json").exists()
    assert (written["host"], written["store"], written["digest"]) == ("Python", "memory", ran.digest)
    assert len(written["passed"]) == sum(1 for _ in report.all_cases()) > 100
    assert ran.line() == f"Python over memory: {len(ran.passed)} passed, 0 left out, 0 failed (sha256 {ran.digest})"


def test_all_cases_pass_over_redis_but_those_that_move_the_clock(raw: redis.Redis) -> None:
    ran = report.run("Redis", lambda: InRedis(raw, time.monotonic_ns))
    assert ran.failed == {}
    assert all(lacking == ["clock"] for lacking in ran.left_out.values())


def run(interfaces: Interfaces, *steps: Dict[str, Any]) -> None:
    Case(interfaces, InMemory()).run({"name": "n", "steps": list(steps)})


def test_correct_case_passes(interfaces: Interfaces) -> None:
    got = {"call": "c.get", "with": ["a"], "returns": {"text": "1"}}
    run(interfaces, OPEN, SET, got, {"store": "get", "with": ["user:a"], "returns": "1"})


WRONG: List[Any] = [
    # The return value is not the expected one.
    ({"call": "c.get", "with": ["a"], "returns": {"text": "2"}}, "step 3: returned"),
    ({"call": "c.get", "with": ["a"], "returns": None}, "returned"),
    ({"call": "c.get", "with": ["a"], "returns": {"json": "1"}}, "returned"),
    ({"call": "c.get", "with": ["a"], "error": "denied"}, "expected the error"),
    ({"call": "c.get-detailed", "with": ["a"], "returns": {"source": "backend"}}, "returned"),
    ({"call": "c.local-keys", "with": [], "returns": []}, "returned"),
    ({"call": "c.local-keys", "with": [], "returns": ["a", "b"]}, "returned"),
    ({"call": "c.contains", "with": ["a"], "returns": False}, "returned"),
    ({"call": "c.increment", "with": ["a", 1], "returns": 2}, "failed with"),
    ({"call": "c.increment", "with": ["a", 1], "error": "denied"}, "failed with"),
    ({"call": "c.increment", "with": ["a", 1], "error": {"invalid-value": "other words"}}, "failed with"),
    ({"list": "c", "limit": 10, "returns": []}, "listed"),
    ({"store": "get", "with": ["user:a"], "returns": None}, "the store holds"),
    ({"store": "get", "with": ["user:a"], "returns": {"hex": "00"}}, "the store holds"),
    # The calls of the import are not the expected ones.
    ({**SET, "expect-calls": []}, "called"),
    ({"call": "c.set", "with": ["a", {"text": "1"}, "inherit"]}, "called"),
    ({**SET, "expect-calls": [["user", "set", [["a", "1"]], 5]]}, "called"),
    ({**SET, "expect-calls": [["user", "set", [["a", "2"]], None]]}, "called"),
    ({**SET, "expect-calls": [["other", "set", [["a", "1"]], None]]}, "called"),
    ({**SET, "expect-calls": SET["expect-calls"] * 2}, "called"),
    ({**SET, "expect-calls": [["user", "get", ["a"], None]]}, "called"),
    ({"call": "c.get", "with": ["a"], "expect-calls": [["user", "get", ["a"], None]]}, "called"),
    # The case is malformed.
    ({"leap": 1}, "no such step"),
    ({"call": "c.fly", "with": []}, "no function"),
    ({"call": "d.get", "with": ["a"]}, "nothing is open"),
    ({"call": "c.get", "with": []}, "takes 1 arguments"),
    ({"call": "c.get", "with": [1]}, "not of the expected type"),
    ({"call": "c.get", "with": ["a"], "answre": None}, "has no answre"),
    ({"call": "c.get", "with": ["a"], "returns": None, "error": "denied"}, "a return value or an error"),
    ({"call": "c.get", "with": ["a"], "returns": {"txt": "1"}}, "is not a case"),
    ({"call": "c.get", "with": ["a"], "returns": "text"}, "a payload"),
    ({"call": "c.get-detailed", "with": ["a"], "returns": {"origin": "local"}}, "no fields origin"),
    ({"call": "c.increment", "with": ["a", 1], "error": "unheard-of"}, "no error"),
    ({"call": "c.local-keys", "with": [], "error": "denied"}, "expected the error"),
    ({**OPEN, "open": "d", "options": {"local-maximum": 1}}, "no fields local-maximum"),
    ({**SET, "expect-calls": [["user", "set", [["a", "1"]]]]}, "does not have the arguments"),
    ({**SET, "expect-calls": [["user", "put", [["a", "1"]], None]]}, "no function"),
    ({"fail": "unheard-of"}, "no error"),
    ({"store": "burn", "with": []}, "no such step"),
    ({"store": "set", "with": ["user:a", "x"]}, "no such step"),
    ({"coherence": "invalidate", "with": ["user"]}, "takes 2 arguments"),
    ({"coherence": "shout", "with": []}, "no function"),
]


@pytest.mark.parametrize("wrong,why", WRONG, ids=range(len(WRONG)))
def test_wrong_step_fails_the_case(interfaces: Interfaces, wrong: Dict[str, Any], why: str) -> None:
    with pytest.raises(Failed, match=why):
        run(interfaces, OPEN, SET, wrong)


def test_malformed_cases_fail(interfaces: Interfaces) -> None:
    for case in ({"name": "n"}, {"name": "n", "steps": [], "step": []}, {"name": "n", "steps": {}}):
        with pytest.raises(Failed):
            Case(interfaces, InMemory()).run(case)


def test_injected_faults_begin_and_end(interfaces: Interfaces) -> None:
    calls = [["user", "get", ["a"], None]]
    run(
        interfaces,
        OPEN,
        {"fail": {"unavailable": "some reason"}},
        {"call": "c.get", "with": ["a"], "error": {"backend": {"unavailable": "some reason"}}, "expect-calls": calls},
        {"fail": "timeout"},
        {"call": "c.get", "with": ["a"], "error": {"backend": "timeout"}, "expect-calls": calls},
        {"fail": "other", "though-done": True},
        {**SET, "error": {"backend": "other"}},
        {"fail": None},
        {"call": "c.get", "with": ["a"], "returns": {"text": "1"}, "expect-calls": calls},
    )


def test_failed_case_is_reported_by_its_name(reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"about": "x", "cases": [{"name": "wrong", "steps": [OPEN, {**SET, "expect-calls": []}]}]}
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "bad.json").write_text(json.dumps(bad))
    monkeypatch.setattr(report, "CASES", folder)
    ran = report.run("memory", InMemory)
    assert list(ran.failed) == ["bad/wrong"] and ran.failed["bad/wrong"].startswith("step 2: called")
    assert "0 passed, 0 left out, 1 failed" in ran.line()
