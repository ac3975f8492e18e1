"""The conformance suite passes, and its interpreter finds what is wrong."""

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
SET = {"call": "c.set", "with": ["a", {"text": "1"}, "inherit"], "asks": [["user", "set", [["a", "1"]], None]]}


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


def test_all_cases_pass_over_redis_but_those_of_a_moved_clock(raw: redis.Redis) -> None:
    ran = report.run("Redis", lambda: InRedis(raw, time.monotonic_ns))
    assert ran.failed == {}
    assert all(lacking == ["clock"] for lacking in ran.left_out.values())


def run(interfaces: Interfaces, *steps: Dict[str, Any]) -> None:
    Case(interfaces, InMemory()).run({"name": "n", "steps": list(steps)})


def test_right_case_passes(interfaces: Interfaces) -> None:
    got = {"call": "c.get", "with": ["a"], "answer": {"text": "1"}}
    run(interfaces, OPEN, SET, got, {"store": "get", "with": ["user:a"], "answer": "1"})


WRONG: List[Any] = [
    # What is answered is not what is expected.
    ({"call": "c.get", "with": ["a"], "answer": {"text": "2"}}, "step 3: answered"),
    ({"call": "c.get", "with": ["a"], "answer": None}, "answered"),
    ({"call": "c.get", "with": ["a"], "answer": {"json": "1"}}, "answered"),
    ({"call": "c.get", "with": ["a"], "error": "denied"}, "expected the error"),
    ({"call": "c.get-detailed", "with": ["a"], "answer": {"source": "backend"}}, "answered"),
    ({"call": "c.local-keys", "with": [], "answer": []}, "answered"),
    ({"call": "c.local-keys", "with": [], "answer": ["a", "b"]}, "answered"),
    ({"call": "c.contains", "with": ["a"], "answer": False}, "answered"),
    ({"call": "c.increment", "with": ["a", 1], "answer": 2}, "failed with"),
    ({"call": "c.increment", "with": ["a", 1], "error": "denied"}, "failed with"),
    ({"call": "c.increment", "with": ["a", 1], "error": {"invalid-value": "other words"}}, "failed with"),
    ({"list": "c", "limit": 10, "answer": []}, "listed"),
    ({"store": "get", "with": ["user:a"], "answer": None}, "the store holds"),
    ({"store": "get", "with": ["user:a"], "answer": {"hex": "00"}}, "the store holds"),
    # What is asked is not what is expected.
    ({**SET, "asks": []}, "asked"),
    ({"call": "c.set", "with": ["a", {"text": "1"}, "inherit"]}, "asked"),
    ({**SET, "asks": [["user", "set", [["a", "1"]], 5]]}, "asked"),
    ({**SET, "asks": [["user", "set", [["a", "2"]], None]]}, "asked"),
    ({**SET, "asks": [["other", "set", [["a", "1"]], None]]}, "asked"),
    ({**SET, "asks": SET["asks"] * 2}, "asked"),
    ({**SET, "asks": [["user", "get", ["a"], None]]}, "asked"),
    ({"call": "c.get", "with": ["a"], "asks": [["user", "get", ["a"], None]]}, "asked"),
    # The case is none.
    ({"leap": 1}, "no such step"),
    ({"call": "c.fly", "with": []}, "no function"),
    ({"call": "d.get", "with": ["a"]}, "nothing is open"),
    ({"call": "c.get", "with": []}, "takes 1 arguments"),
    ({"call": "c.get", "with": [1]}, "not what stands here"),
    ({"call": "c.get", "with": ["a"], "answre": None}, "has no answre"),
    ({"call": "c.get", "with": ["a"], "answer": None, "error": "denied"}, "an answer or an error"),
    ({"call": "c.get", "with": ["a"], "answer": {"txt": "1"}}, "is no case"),
    ({"call": "c.get", "with": ["a"], "answer": "text"}, "a payload"),
    ({"call": "c.get-detailed", "with": ["a"], "answer": {"origin": "local"}}, "no fields origin"),
    ({"call": "c.increment", "with": ["a", 1], "error": "unheard-of"}, "no error"),
    ({"call": "c.local-keys", "with": [], "error": "denied"}, "expected the error"),
    ({**OPEN, "open": "d", "options": {"local-maximum": 1}}, "no fields local-maximum"),
    ({**SET, "asks": [["user", "set", [["a", "1"]]]]}, "does not have the arguments"),
    ({**SET, "asks": [["user", "put", [["a", "1"]], None]]}, "no function"),
    ({"fail": "unheard-of"}, "no error"),
    ({"store": "burn", "with": []}, "no such step"),
    ({"store": "set", "with": ["user:a", "x"]}, "no such step"),
    ({"tell": "invalidate", "with": ["user"]}, "takes 2 arguments"),
    ({"tell": "shout", "with": []}, "no function"),
]


@pytest.mark.parametrize("wrong,why", WRONG, ids=range(len(WRONG)))
def test_wrong_step_fails_the_case(interfaces: Interfaces, wrong: Dict[str, Any], why: str) -> None:
    with pytest.raises(Failed, match=why):
        run(interfaces, OPEN, SET, wrong)


def test_wrong_cases_fail(interfaces: Interfaces) -> None:
    for case in ({"name": "n"}, {"name": "n", "steps": [], "step": []}, {"name": "n", "steps": {}}):
        with pytest.raises(Failed):
            Case(interfaces, InMemory()).run(case)


def test_failures_begin_and_end(interfaces: Interfaces) -> None:
    ask = [["user", "get", ["a"], None]]
    run(
        interfaces,
        OPEN,
        {"fail": {"unavailable": "in these words"}},
        {"call": "c.get", "with": ["a"], "error": {"backend": {"unavailable": "in these words"}}, "asks": ask},
        {"fail": "timeout"},
        {"call": "c.get", "with": ["a"], "error": {"backend": "timeout"}, "asks": ask},
        {"fail": "other", "though-done": True},
        {**SET, "error": {"backend": "other"}},
        {"fail": None},
        {"call": "c.get", "with": ["a"], "answer": {"text": "1"}, "asks": ask},
    )


def test_failed_case_is_reported_by_its_name(reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"about": "x", "cases": [{"name": "wrong", "steps": [OPEN, {**SET, "asks": []}]}]}
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "bad.json").write_text(json.dumps(bad))
    monkeypatch.setattr(report, "CASES", folder)
    ran = report.run("memory", InMemory)
    assert list(ran.failed) == ["bad/wrong"] and ran.failed["bad/wrong"].startswith("step 2: asked")
    assert "0 passed, 0 left out, 1 failed" in ran.line()
