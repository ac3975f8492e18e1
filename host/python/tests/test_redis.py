"""Redis as a backend: what is sent, what failures are, and clients of any kind."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, Dict, List

import pytest
import redis
import redis.asyncio

from flipcache_conformance.server import Server, free_port
from flipcache_wasm import FlipCache, RedisBackend
from flipcache_wasm import errors as kinds
from flipcache_wasm.backend import ABSENT, Entry
from flipcache_wasm.backend.redis import reply

from .waiting import eventually


def sent(raw: redis.Redis) -> Dict[str, int]:
    """How often each command has been called since the counters began."""
    stats: Any = raw.info("commandstats")
    return {name[8:]: stat["calls"] for name, stat in stats.items()}


def test_construction_and_local_reads_make_no_call(client: redis.Redis, raw: redis.Redis) -> None:
    before = raw.info("clients")["connected_clients"]
    cache = FlipCache("user", redis_protocol=client)
    assert raw.info("clients")["connected_clients"] == before
    cache["a"] = "1"
    raw.config_resetstat()
    for _ in range(50):
        assert cache["a"] == "1" and "a" in cache
    assert len(cache.local) == 1
    calls = sent(raw)
    assert not {"get", "exists", "pttl", "multi", "scan"} & set(calls)


def test_no_key_is_written_but_those_of_the_cache(client: redis.Redis, raw: redis.Redis) -> None:
    raw.config_resetstat()
    cache = FlipCache("user", redis_protocol=client, expire_time=60, value_type="int")
    cache["a"] = 1
    cache.set_many({"b": 2, "c": 3})
    cache.increment("d")
    cache.set_if_absent("e", 5)
    assert cache.get_many(["a", "b", "x"]) == [1, 2, None]
    cache.refresh("a")
    assert sorted(cache) == ["a", "b", "c", "d", "e"]
    assert "keys" not in sent(raw)
    written = sorted(raw.scan_iter())
    assert written == [b"user:a", b"user:b", b"user:c", b"user:d", b"user:e"]
    assert all(0 < raw.pttl(key) <= 60_000 for key in written)


def test_set_many_is_one_round_trip_and_get_many_another(raw: redis.Redis) -> None:
    backend = RedisBackend(raw, coherence="off")
    cache = FlipCache("user", backend=backend)
    asked: List[int] = []
    ask = backend._link.ask
    backend._link.ask = lambda commands: (asked.append(len(commands)), ask(commands))[1]  # type: ignore[method-assign]
    cache.set_many({str(number): "v" for number in range(100)})
    cache.local.clear()
    cache.get_many([str(number) for number in range(50)])
    assert len(asked) == 2


def test_value_and_ttl_are_read_atomically(raw: redis.Redis) -> None:
    bucket = RedisBackend(raw, coherence="off").open("user")
    raw.config_resetstat()
    bucket.get(["a", "b"], None)
    calls = sent(raw)
    assert (calls["multi"], calls["exec"], calls["get"], calls["pttl"]) == (1, 1, 2, 2)
    assert "mget" not in calls


@pytest.mark.parametrize("decodes", [True, False])
@pytest.mark.parametrize("protocol", [2, 3])
def test_clients_with_and_without_decode_responses_behave_alike(
    server: Server, raw: redis.Redis, decodes: bool, protocol: int
) -> None:
    with server.client(decode_responses=decodes, protocol=protocol) as client:
        texts = FlipCache("t", redis_protocol=client)
        texts["k"] = "ü☃"
        texts.local.clear()
        assert texts["k"] == "ü☃" and list(texts) == ["k"]
        custom = FlipCache(
            "c", redis_protocol=client, value_type="custom", value_encoder=str, value_decoder=lambda held: held
        )
        custom["k"] = "v"
        custom.local.clear()
        assert custom["k"] == ("v" if decodes else b"v")
        assert list(custom) == ["k"]
        # The application's client is as it was.
        assert client.get("t:k") == ("ü☃" if decodes else "ü☃".encode())


def test_database_of_the_client_is_used(server: Server, raw: redis.Redis) -> None:
    with server.client(db=3) as client:
        cache = FlipCache("user", redis_protocol=client)
        cache["a"] = "1"
        assert (raw.exists("user:a"), client.get("user:a")) == (0, b"1")
        client.set("user:a", "theirs")
        eventually(lambda: cache["a"] == "theirs", "the write was seen")


@pytest.mark.parametrize(
    "given",
    ["redis://localhost", 7, redis.asyncio.Redis(), redis.Redis().pipeline(), redis.RedisCluster],
    ids=["url", "number", "asyncio", "pipeline", "cluster"],
)
def test_client_of_another_type_is_an_error(given: Any) -> None:
    with pytest.raises(kinds.InvalidOptions, match=r"redis_protocol must be a redis\.Redis"):
        FlipCache("user", redis_protocol=given)


def test_sentinel_is_an_error() -> None:
    master = redis.Sentinel([("127.0.0.1", free_port())]).master_for("mine")
    with pytest.raises(kinds.InvalidOptions, match="one server"):
        FlipCache("user", redis_protocol=master)


def test_client_and_backend_together_are_an_error(client: redis.Redis) -> None:
    with pytest.raises(kinds.InvalidOptions):
        FlipCache("user", redis_protocol=client, backend=RedisBackend(client))


def test_unreachable_server_is_unavailable_at_once() -> None:
    port = free_port()
    cache = FlipCache("user", redis_protocol=redis.Redis(port=port))
    begun = time.monotonic()
    for ask in (lambda: cache["a"], lambda: cache.set("a", "secret"), lambda: len(cache), lambda: "a" in cache):
        with pytest.raises(kinds.Unavailable, match=f"Redis at localhost:{port} cannot be reached") as failed:
            ask()
        assert isinstance(failed.value, ConnectionError)
        assert "secret" not in str(failed.value)
    assert time.monotonic() - begun < 3
    assert list(cache.local) == []


class SilentServer:
    """A server that accepts connections and commands, and does not reply or hangs up."""

    def __init__(self, hangs_up: bool) -> None:
        self._hangs_up = hangs_up
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.received: List[bytes] = []
        self._kept: List[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._kept.append(connection)
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, connection: socket.socket) -> None:
        while True:
            try:
                said = connection.recv(65536)
            except OSError:
                return
            if not said:
                return
            self.received.append(said)
            if b"CLIENT" in said:
                connection.sendall(b"-ERR no\r\n" * said.count(b"CLIENT"))
            elif self._hangs_up:
                connection.close()
                return

    def close(self) -> None:
        self._listening.close()
        for connection in self._kept:
            connection.close()


def test_write_over_a_lost_connection_is_not_sent_again() -> None:
    silent = SilentServer(hangs_up=True)
    try:
        backend = RedisBackend(redis.Redis(port=silent.port), coherence="off")
        with pytest.raises(kinds.OutcomeUnknown):
            backend.open("user").set([("a", b"secret")], None)
        assert sum(said.count(b"secret") for said in silent.received) == 1
    finally:
        silent.close()


def test_server_that_does_not_reply_is_a_timeout_within_the_deadline() -> None:
    silent = SilentServer(hangs_up=False)
    try:
        backend = RedisBackend(redis.Redis(port=silent.port, socket_timeout=None), deadline=0.3, coherence="off")
        begun = time.monotonic()
        with pytest.raises(kinds.Timeout) as failed:
            backend.open("user").set([("a", b"secret")], None)
        assert 0.2 < time.monotonic() - begun < 5
        assert isinstance(failed.value, TimeoutError)
        assert sum(said.count(b"secret") for said in silent.received) == 1
    finally:
        silent.close()


def test_connection_that_the_server_closed_while_idle_is_replaced(client: redis.Redis, raw: redis.Redis) -> None:
    bucket = RedisBackend(client, coherence="off").open("user")
    bucket.set([("a", b"1")], None)
    raw.client_kill_filter(_type="normal", skipme=True)
    assert bucket.get(["a"], None) == [Entry(b"1")]


def test_failed_set_leaves_no_local_entry(client: redis.Redis, raw: redis.Redis) -> None:
    cache = FlipCache("user", redis_protocol=client, local_max=2)
    cache["a"] = "1"
    raw.config_set("maxmemory", "1")
    try:
        for number in range(20):
            with pytest.raises(kinds.Other, match="maxmemory"):
                cache[f"{number}"] = "secret"
        with pytest.raises(kinds.Other):
            cache["a"] = "2"
        assert list(cache.local) == []
        # A server that is out of memory rejects MULTI, but still reads.
        assert cache["a"] == "1"
    finally:
        raw.config_set("maxmemory", "0")
    assert cache["a"] == "1"


@pytest.fixture
def guarded() -> Any:
    with Server("--requirepass", "hunter2") as running:
        yield running


def test_wrong_password_is_denied_without_the_password_in_the_error(guarded: Server) -> None:
    for password in (None, "hunter3"):
        cache = FlipCache("user", redis_protocol=guarded.client(password=password))
        with pytest.raises(kinds.AccessDenied) as failed:
            cache["a"]
        assert isinstance(failed.value, PermissionError)
        assert "hunter" not in str(failed.value)
    cache = FlipCache("user", redis_protocol=guarded.client(password="hunter2"))
    cache["a"] = "1"
    assert cache["a"] == "1"


def test_command_without_permission_is_denied(guarded: Server) -> None:
    admin = guarded.client(password="hunter2")
    admin.acl_setuser("app", enabled=True, passwords=["+p"], keys=["user:*"], commands=["+@all", "-set"], channels="*")
    cache = FlipCache("user", redis_protocol=guarded.client(username="app", password="p"))
    assert cache["a"] is None
    with pytest.raises(kinds.AccessDenied):
        cache["a"] = "1"


def test_unknown_commands_are_unsupported_without_values_in_the_error() -> None:
    with Server("--rename-command", "SET", "", "--rename-command", "GETEX", "") as server:
        cache = FlipCache("user", redis_protocol=server.client(), expire_time=60, refresh_expire_time_on_get=True)
        with pytest.raises(kinds.Unsupported, match="unknown command") as failed:
            cache["k"] = "secret"
        assert "secret" not in str(failed.value)
        bucket = RedisBackend(server.client()).open("user")
        with pytest.raises(kinds.Unsupported):
            bucket.get(["k"], 1000)
        assert bucket.get(["k"], None) == [ABSENT]


def test_value_of_another_type_is_an_error_with_the_key(client: redis.Redis, raw: redis.Redis) -> None:
    cache = FlipCache("user", redis_protocol=client)
    raw.hset("user:h", "f", "v")
    with pytest.raises(kinds.WrongType, match="'h'"):
        cache["h"]
    assert "h" in cache and list(cache) == ["h"]
    cache["h"] = "text"
    assert cache["h"] == "text"


@pytest.mark.parametrize(
    "words,kind",
    [
        ("NOPERM no", kinds.AccessDenied),
        ("NOAUTH no", kinds.AccessDenied),
        ("WRONGPASS no", kinds.AccessDenied),
        ("READONLY no", kinds.Unavailable),
        ("LOADING no", kinds.Unavailable),
        ("MASTERDOWN no", kinds.Unavailable),
        ("MOVED 1 h:1", kinds.Unsupported),
        ("CROSSSLOT no", kinds.Unsupported),
        ("ERR unknown command 'GETEX', with args beginning with: 'k' 'secret' ", kinds.Unsupported),
        ("ERR value is not an integer or out of range", kinds.Other),
        ("OOM no", kinds.Other),
    ],
)
def test_error_replies_have_their_kinds(words: str, kind: Any) -> None:
    error = reply.of_reply(redis.ResponseError(words))
    assert type(error) is kind
    assert "secret" not in str(error)


def test_unknown_replies_are_errors() -> None:
    for call in (
        lambda: reply.integer(b"1"),
        lambda: reply.integer(True),
        lambda: reply.done(b"QUEUED"),
        lambda: reply.wrote(1),
        lambda: reply.slot(7, -1),
    ):
        with pytest.raises(kinds.Other):
            call()


def test_slot_between_two_ttls_has_the_shorter() -> None:
    between = reply.slot_between
    assert between(-1, b"v", -1) == Entry(b"v", None)
    assert between(-1, b"v", 9) == Entry(b"v", 9)
    assert between(9, b"v", -1) == Entry(b"v", 9)
    assert between(9, b"v", 8) == Entry(b"v", 8)
    assert between(8, b"v", 9000) == Entry(b"v", 8)
    assert between(-2, b"v", 9) == ABSENT
