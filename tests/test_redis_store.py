"""What is the Redis store's own: connections, faults, what is seen of it; with a real server."""

import subprocess
import sys

import pytest

from qqminigame import ConfigurationError, RedisStore, StoreError


def test_redis__keys_have_our_name(redis_server):
    """What is kept stands under names of ours, texts with their life, locks with their lease."""
    store = RedisStore(redis_server.url)
    store.set("forever", "text")
    store.set("short", "text", 1.5)
    store.try_lock("name", 5.0)
    with redis_server.client() as client:
        lives = {key: client.pttl(key) for key in client.scan_iter()}
    assert set(lives) == {
        "qqminigame:text:forever",
        "qqminigame:text:short",
        "qqminigame:lock:name",
    }
    assert lives["qqminigame:text:forever"] == -1
    assert 0 < lives["qqminigame:text:short"] <= 1500
    assert 1500 < lives["qqminigame:lock:name"] <= 5000


def test_redis__stopped_and_started_again(own_redis):
    """While it is stopped every call says so; afterwards the store works again, by itself."""
    store = RedisStore(own_redis.url)
    store.set("key", "text")
    own_redis.stop()
    for use in (
        lambda: store.get("key"),
        lambda: store.set("key", "secret text"),
        lambda: store.delete_if("key", "secret text"),
        lambda: store.try_lock("name", 5.0),
        lambda: store.unlock("name", "secret text"),
    ):
        with pytest.raises(StoreError, match=rf"redis 127\.0\.0\.1:{own_redis.port}/3") as caught:
            use()
        assert caught.value.__context__ is None
        assert "secret text" not in str(caught.value)
    own_redis.start()
    assert store.get("key") is None
    store.set("key", "new")
    assert store.get("key") == "new"


def test_redis__a_connection_that_redis_closed(redis_server):
    """An idle connection that the server has closed meanwhile is opened again, unnoticed."""
    store = RedisStore(redis_server.url)
    store.set("key", "text")
    with redis_server.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert store.get("key") == "text"


def test_redis__a_wrong_password(redis_server):
    """It is a StoreError without the password."""
    url = redis_server.url.replace(redis_server.password, "wrong-password")
    with pytest.raises(StoreError) as caught:
        RedisStore(url).get("key")
    assert "wrong-password" not in str(caught.value)
    assert redis_server.password not in str(caught.value)


def test_redis__a_server_that_repeats_the_command(redis_server):
    """What the server says of a refused command is told without the command's words."""
    store = RedisStore(redis_server.url)
    with redis_server.client() as client:
        client.lpush("qqminigame:text:key", "a list")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        store.get("key")
    with pytest.raises(StoreError) as caught:
        store._run("NOSUCHCOMMAND", "secret text")
    assert "unknown command" in str(caught.value)
    assert "secret text" not in str(caught.value)


def test_redis__repr_without_the_password(redis_server):
    """Repr names the place only."""
    shown = repr(RedisStore(redis_server.url))
    assert shown == f"<RedisStore redis 127.0.0.1:{redis_server.port}/3>"
    assert repr(RedisStore("unix:///run/redis.sock?db=1")) == "<RedisStore redis /run/redis.sock/1>"


def test_redis__a_url_that_is_none():
    """It is refused when the store is made."""
    with pytest.raises(ConfigurationError, match="the url is not valid"):
        RedisStore("http://host")


def test_redis__without_the_package():
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
