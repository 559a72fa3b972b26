"""What is the Redis store's own: connections, faults, what is seen of it; with a real server."""

import contextlib
import gc
import socket
import subprocess
import sys
import threading
import time

import pytest
from forks import Child
from listener import Listener
from redis_server import RedisServer
from waiting import wait_until

from qqminigame import ConfigurationError, RedisStore, StoreError
from qqminigame.stores import check_durable

SECRET = "s3cret-text"

OPERATIONS = {
    "get": lambda store, **how: store.get("key", **how),
    "get_many": lambda store, **how: store.get_many(["key"], **how),
    "set": lambda store, **how: store.set("key", SECRET, **how),
    "add": lambda store, **how: store.add("key", SECRET, **how),
    "delete_if": lambda store, **how: store.delete_if("key", SECRET, **how),
    "try_lock": lambda store, **how: store.try_lock("name", 5.0, **how),
    "unlock": lambda store, **how: store.unlock("name", SECRET, **how),
    "next_turn": lambda store, **how: store.next_turn("name", 5.0, **how),
    "now": lambda store, **how: store.now(**how),
    "scan": lambda store, **how: store.scan("", **how),
    "count": lambda store, **how: store.count("", **how),
    "check_durable": lambda store, **how: store.check_durable(**how),
}
# What a busy machine may take on top of a timeout; without it, each test here takes longer still.
SLACK_SECONDS = 15.0
# What another time would change something, or tell something else.
ONCE = ["add", "delete_if", "next_turn", "try_lock", "unlock"]


GARBAGE = [
    b":abc\r\n",
    b"*1\r\n" * 5000 + b":1\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"$-5\r\nxx",
    b"$3\r\n\xff\xfe\xfd\r\n",
    b"*x\r\n",
    b":7\r\n",
    b"*1\r\n*1\r\n:7\r\n",
    b"\0\0\0\0",
]


class RedisOfOneAnswer(Listener):
    """Greets like Redis, and answers every other command in its own way.

    Args:
        answer: Called with the connection and the number of the command, from 0.
        greeting_delay: The seconds before each answer to what a client says first.

    Attributes:
        commands: What was asked for, without what clients say first.
    """

    def __init__(self, answer, greeting_delay=0.0):
        self._answer = answer
        self._delay = greeting_delay
        self.commands = []
        super().__init__()
        self.url = f"redis://{self.address}"

    def serve(self, connection):
        """Answer the commands of a connection."""
        with contextlib.suppress(OSError, ValueError), connection:
            file = connection.makefile("rb")
            while line := file.readline():
                words = [self._word(file) for _ in range(int(line[1:]))]
                if words[0] in (b"CLIENT", b"SELECT", b"AUTH"):
                    time.sleep(self._delay)  # a slow server
                    connection.sendall(b"+OK\r\n")
                else:
                    self.commands.append(words)
                    self._answer(connection, len(self.commands) - 1)

    @staticmethod
    def _word(file):
        return file.read(int(file.readline()[1:]) + 2)[:-2]


def says(reply):
    """Answer with these bytes."""
    return lambda connection, _: connection.sendall(reply)


class TestOrdinary:
    """What is seen in Redis."""

    def test_keys_have_our_name(self, redis_server):
        """What is kept stands under names of ours, with its life or its lease."""
        store = RedisStore(redis_server.url)
        store.set("forever", "text")
        store.set("short", "text", 1000.5)
        store.try_lock("name", 2000.0)
        with redis_server.client() as client:
            lives = {key: client.pttl(key) for key in client.scan_iter()}
        assert set(lives) == {
            "qqminigame:text:forever",
            "qqminigame:text:short",
            "qqminigame:lock:name",
        }
        assert lives["qqminigame:text:forever"] == -1
        assert 900_000 < lives["qqminigame:text:short"] <= 1_000_500
        assert 1_900_000 < lives["qqminigame:lock:name"] <= 2_000_000

    def test_now__is_the_time_of_redis(self, redis_server):
        """The clock of all is that of Redis, to the microsecond."""
        with redis_server.client() as client:
            before, found, after = client.time(), RedisStore(redis_server.url).now(), client.time()
        assert before[0] + before[1] / 1e6 <= found <= after[0] + after[1] / 1e6

    def test_over_tls(self, authority, redis_server):
        """rediss:// speaks TLS, and trusts only those it is told to."""
        with tls_in_front_of(redis_server, authority.server_context("127.0.0.1")) as port:
            url = f"rediss://:{redis_server.password}@127.0.0.1:{port}/3"
            store = RedisStore(f"{url}?ssl_ca_certs={authority.bundle}")
            store.set("key", "名" * 100_000)
            assert store.get("key") == "名" * 100_000
            with pytest.raises(StoreError, match="CERTIFICATE_VERIFY_FAILED"):
                RedisStore(url).get("key")

    def test_a_unix_socket(self, tmp_path):
        """unix:// reaches a server on this machine."""
        server = RedisServer(tmp_path, "--unixsocket", str(tmp_path / "redis.sock"))
        server.start()
        try:
            store = RedisStore(f"unix://:{server.password}@{tmp_path}/redis.sock?db=2")
            store.set("key", "text")
            assert store.get("key") == "text"
            assert repr(store) == f"<RedisStore {tmp_path}/redis.sock/2>"
        finally:
            server.stop()

    def test_repr_without_the_password(self, redis_server):
        """Repr names the place only."""
        shown = repr(RedisStore(redis_server.url))
        assert shown == f"<RedisStore 127.0.0.1:{redis_server.port}/3>"


@contextlib.contextmanager
def tls_in_front_of(server, context):
    """Speak TLS in front of a redis-server, which may be built without it; yield the port."""

    def relay(source, target):
        with source, contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listener.accept()
                try:
                    outside = context.wrap_socket(raw, server_side=True)
                except OSError:
                    continue
                inside = socket.create_connection(("127.0.0.1", server.port))
                for pair in ((outside, inside), (inside, outside)):
                    threading.Thread(target=relay, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


class TestUrl:
    """What is said when the store is made."""

    @pytest.mark.parametrize(
        ("url", "problem"),
        [
            ("http://host", "the url is not valid"),
            ("redis://user:s3cret-text@host:port/0", "the url is not valid"),
            ("redis://host?foo=x", "unknown option foo in the url; the options are client_name"),
            ("redis://host?socket_timeout=3", "unknown option socket_timeout"),
            ("redis://host?max_connections=3&foo=", "unknown option foo, max_connections"),
            ("redis://host?health_check_interval=x", "the url is not valid"),
            ("redis://host?ssl_ca_certs=x", "the url is not valid"),
            ("redis://host?persistent=no", "the only value of persistent is .persistent=yes"),
        ],
    )
    def test_refused(self, url, problem):
        """What is not valid is refused at once, without the password that may be in it."""
        with pytest.raises(ConfigurationError, match=problem) as caught:
            RedisStore(url)
        assert SECRET not in str(caught.value)
        assert caught.value.__context__ is None

    @pytest.mark.parametrize(
        "url",
        [
            "redis://host?client_name=me&protocol=3&socket_keepalive=yes",
            "rediss://host/1?ssl_cert_reqs=none&ssl_check_hostname=false&persistent=yes",
            "unix:///run/redis.sock?db=1&username=me&password=s3cret-text",
        ],
    )
    def test_accepted(self, url):
        """The options that redis-py documents for urls are taken."""
        assert SECRET not in repr(RedisStore(url))

    def test_without_the_package(self):
        """Without redis-py, one line says what to install."""
        program = (
            "import sys; sys.modules['redis'] = None\n"
            "import qqminigame\n"
            "try:\n"
            "    qqminigame.Session('1', store='redis://localhost')\n"
            "except qqminigame.ConfigurationError as error:\n"
            "    print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "pip install 'qqminigame[redis]'" in done.stdout, done.stderr


class TestFaults:
    """Whatever Redis does, it is a StoreError in words, in time, and nothing happens twice."""

    def test_stopped_and_started_again(self, own_redis):
        """While it is stopped every call says so; afterwards the store works again, by itself."""
        store = RedisStore(own_redis.url)
        store.set("key", "text")
        own_redis.stop()
        for use in OPERATIONS.values():
            wanted = rf"Redis store 127\.0\.0\.1:{own_redis.port}/3 is unavailable"
            with pytest.raises(StoreError, match=wanted) as caught:
                use(store)
            assert caught.value.__context__ is None
            assert SECRET not in str(caught.value)
        own_redis.start()
        assert store.get("key") is None
        store.set("key", "new")
        assert store.get("key") == "new"

    @pytest.mark.parametrize("use", OPERATIONS.values(), ids=OPERATIONS)
    def test_a_connection_that_redis_closed(self, use, redis_server):
        """An idle connection that the server has closed meanwhile is replaced, unnoticed."""
        store = RedisStore(redis_server.url + "?persistent=yes")
        store.set("key", "text")
        with redis_server.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)
        use(store)

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_a_lost_answer(self, name):
        """A connection that breaks after the command: what is safe is sent again, once."""

        def hang_up(connection, _):
            connection.shutdown(socket.SHUT_RDWR)

        with RedisOfOneAnswer(hang_up) as server, pytest.raises(StoreError):
            OPERATIONS[name](RedisStore(server.url))
        assert len(server.commands) == (1 if name in ONCE else 2)

    def test_a_lost_answer__that_comes_the_second_time(self):
        """What was sent again is as good as the first."""

        def answer(connection, number):
            if number == 0:
                connection.shutdown(socket.SHUT_RDWR)
            else:
                connection.sendall(b"$4\r\ntext\r\n")

        with RedisOfOneAnswer(answer) as server:
            assert RedisStore(server.url).get("key") == "text"

    @pytest.mark.slow
    @pytest.mark.parametrize("use", OPERATIONS.values(), ids=OPERATIONS)
    @pytest.mark.parametrize("delay", [0.0, 60.0])
    def test_no_answer(self, use, delay):
        """A server that is silent, from the start or later, costs the time that was given."""
        with RedisOfOneAnswer(lambda *_: None, greeting_delay=delay) as server:
            began = time.monotonic()
            with pytest.raises(StoreError):
                use(RedisStore(server.url), timeout=0.3)
            assert time.monotonic() - began < SLACK_SECONDS

    def test_an_answer_that_takes_its_time(self):
        """A slow server is waited for as long as the call may take, and no longer."""

        def answer(connection, _):
            time.sleep(1.0)  # less than one call may take, more than the other
            connection.sendall(b"$4\r\ntext\r\n")

        with RedisOfOneAnswer(answer, greeting_delay=0.1) as server:
            assert RedisStore(server.url).get("key", timeout=30) == "text"
            with pytest.raises(StoreError, match="Timeout"):
                RedisStore(server.url).get("key", timeout=0.5)

    def test_a_handshake_that_never_ends(self):
        """A server that accepts connections and does not speak TLS is given up in time."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            store = RedisStore(f"rediss://127.0.0.1:{server.getsockname()[1]}")
            began = time.monotonic()
            with pytest.raises(StoreError):
                store.get("key", timeout=0.3)
            assert time.monotonic() - began < SLACK_SECONDS

    def test_an_answer_byte_by_byte(self):
        """An answer that keeps trickling in does not hold up a call beyond its time."""

        def trickle(connection, _):
            for byte in b"$500\r\n" + b"x" * 500 + b"\r\n":
                connection.sendall(bytes([byte]))
                time.sleep(0.05)  # shorter than any wait for one byte

        with RedisOfOneAnswer(trickle) as server:
            began = time.monotonic()
            with pytest.raises(StoreError, match="Timeout"):
                RedisStore(server.url).get("key", timeout=1)
            assert time.monotonic() - began < SLACK_SECONDS  # all of it takes 25

    def test_a_late_answer_is_nobody_elses(self):
        """An answer that came too late is not taken for that of the next command."""
        go_on = threading.Event()

        def answer(connection, number):
            key = server.commands[number][-1].rpartition(b":")[2]
            if key == b"first":
                go_on.wait(60)
            connection.sendall(b"$%d\r\n%b\r\n" % (len(key), key))

        with RedisOfOneAnswer(answer) as server:
            store = RedisStore(server.url)
            for seconds in (0.3, 3, 30):  # a busy machine may not have sent it by then
                with pytest.raises(StoreError):
                    store.get("first", timeout=seconds)
                if server.commands:
                    break
            go_on.set()
            assert store.get("second", timeout=30) == "second"

    def test_a_host_of_many_dead_addresses(self, monkeypatch):
        """All addresses together may take what the call has left, not each of them."""
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.255.255.1", 6379))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address] * 100)
        began = time.monotonic()
        with pytest.raises(StoreError):
            RedisStore("redis://host.invalid").get("key", timeout=0.5)
        assert time.monotonic() - began < SLACK_SECONDS

    @pytest.fixture
    def no_collections(self):
        """Collect nothing where an answer goes so deep that no finalizer could run."""
        gc.disable()
        yield
        gc.enable()

    @pytest.mark.usefixtures("no_collections")
    @pytest.mark.parametrize("garbage", GARBAGE)
    @pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "unlock"])
    def test_garbage(self, name, garbage):
        """What is no answer is an error in words, never somebody's text or lock."""
        with RedisOfOneAnswer(says(garbage)) as server:
            store = RedisStore(server.url)
            with pytest.raises((StoreError, ConfigurationError)) as caught:
                OPERATIONS[name](store, timeout=0.3)
        assert SECRET not in str(caught.value)
        assert caught.value.__context__ is None

    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (b"-MOVED 1234 10.0.0.1:6379\r\n", "Redis Cluster, which is not supported"),
            (b"-READONLY You can't write against a read only replica.\r\n", "the primary"),
            (b"-LOADING Redis is loading the dataset in memory\r\n", "loading the dataset"),
            (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "maxmemory"),
            (
                b"-ERR unknown command `SET`, with args beginning with: `k` `s3cret-te\r\n",
                "unknown command",
            ),
            (f"-ERR syntax error near '{SECRET}'\r\n".encode(), "syntax error near '***'"),
        ],
    )
    def test_refusals(self, reply, words):
        """What Redis says of a refused command is told, with what to do, without its words."""
        with RedisOfOneAnswer(says(reply)) as server, pytest.raises(StoreError) as caught:
            RedisStore(server.url).set("key", SECRET)
        assert words in str(caught.value)
        assert SECRET[:8] not in str(caught.value)

    def test_a_wrong_type(self, redis_server):
        """A key that holds something else is told apart, and the connection goes on."""
        store = RedisStore(redis_server.url)
        with redis_server.client() as client:
            client.lpush("qqminigame:text:key", "a list")
        with pytest.raises(StoreError, match="WRONGTYPE"):
            store.get("key")
        assert store.get("other") is None

    def test_a_wrong_password(self, redis_server):
        """It is a StoreError without the password."""
        url = redis_server.url.replace(redis_server.password, "wrong-password")
        with pytest.raises(StoreError) as caught:
            RedisStore(url).get("key")
        assert "wrong-password" not in str(caught.value)
        assert redis_server.password not in str(caught.value)


class TestDurable:
    """Where orders may be kept."""

    @pytest.mark.parametrize(
        ("options", "missing"),
        [
            ((), "set appendonly yes, appendfsync always in"),
            (("--maxmemory-policy", "allkeys-lru"), "set maxmemory-policy noeviction, append"),
            (("--appendonly", "yes", "--maxmemory-policy", "volatile-ttl"), "set maxmemory-policy"),
            (("--appendonly", "yes"), "set appendfsync always in"),
            (("--save", "60", "1"), "set appendonly yes, appendfsync always in"),
            (("--appendonly", "yes", "--appendfsync", "always"), None),
        ],
    )
    def test_check_durable(self, options, missing, tmp_path):
        """Redis has to keep all keys, over a restart too; if not, the settings are named."""
        server = RedisServer(tmp_path, *options)
        server.start()
        try:
            store = RedisStore(server.url)
            if missing is None:
                check_durable(store)
            else:
                with pytest.raises(ConfigurationError, match=f"may lose orders: {missing}"):
                    check_durable(store)
        finally:
            server.stop()

    def test_where_config_is_forbidden(self, tmp_path):
        """A provider that hides its settings can be vouched for in the url."""
        server = RedisServer(tmp_path, "--rename-command", "CONFIG", "")
        server.start()
        try:
            with pytest.raises(ConfigurationError, match=r"CONFIG GET.*\?persistent=yes"):
                check_durable(RedisStore(server.url))
            store = RedisStore(f"{server.url}?persistent=yes")
            check_durable(store)
            assert store.add("key", "text")
        finally:
            server.stop()

    def test_out_of_reach(self, own_redis):
        """Where Redis cannot be asked, that is said."""
        own_redis.stop()
        with pytest.raises(StoreError):
            check_durable(RedisStore(own_redis.url))


def test_fork__the_child_has_connections_of_its_own(redis_server):
    """Parent and child never read each other's answers."""
    store = RedisStore(redis_server.url)
    store.set("key", "text")

    def work(name):
        for number in range(200):
            store.set(f"{name}", f"{name}-{number}")
            assert store.get(f"{name}") == f"{name}-{number}"

    children = [Child(lambda name=name: work(name)) for name in range(1, 4)]
    work(0)
    assert [child.result() for child in children] == [None] * 3


def test_threads__few_connections_are_kept(redis_server):
    """After a rush of threads, few connections stay open."""
    store = RedisStore(f"{redis_server.url}?client_name=rush")
    barrier = threading.Barrier(40)

    def work():
        barrier.wait(60)
        for _ in range(20):
            store.get("key")

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with redis_server.client() as client:

        def kept():
            return [each for each in client.client_list() if each["name"] == "rush"]

        wait_until(lambda: 1 <= len(kept()) <= 16)
    assert store.get("key") is None


def test_dropped__closes_its_connections(redis_server):
    """A store that nobody has any more leaves nothing open, without waiting for the collector."""
    store = RedisStore(f"{redis_server.url}?client_name=dropped")
    assert store.get("key") is None
    with redis_server.client() as client:

        def kept():
            return [each for each in client.client_list() if each["name"] == "dropped"]

        assert len(kept()) == 1
        del store
        wait_until(lambda: not kept())


def test_next_turn__is_shared_by_all_who_use_the_store(redis_server):
    """Two stores get turns in one line, by Redis's clock; a name has a line of its own."""
    one, other = RedisStore(redis_server.url), RedisStore(redis_server.url)
    waits = [store.next_turn("calls", 100.0) for store in (one, other, one)]
    assert waits[0] == 0
    assert 50 < waits[1] <= 100
    assert 150 < waits[2] <= 200
    assert other.next_turn("other calls", 100.0) == 0
    with redis_server.client() as client:
        assert all(50 < client.ttl(key) <= 301 for key in client.scan_iter())
