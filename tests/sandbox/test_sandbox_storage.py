"""Cloud storage and interactive data: what is stored, and the limits."""

from collections.abc import Iterator
from typing import Any

import pytest
from sandbox_driver import INTERACTIVE, REMOVE, SET, Driver, Login, kv, stored

from qqminigame.sandbox import Sandbox


@pytest.fixture
def small_storage() -> Iterator[Driver]:
    """Give a client of a sandbox with room for 20 bytes a player."""
    with Sandbox(total_bytes=20) as sandbox:
        yield Driver(sandbox)


def test_set__overwrites_what_is_named(driver: Driver, player: Login, token: str) -> None:
    """Keys named are overwritten, others stay; an empty value is a value."""
    driver.post(SET, player, token, kv(("a", "1"), ("b", "2")))
    driver.post(SET, player, token, kv(("b", ""), ("c", "3")))
    assert stored(driver, player) == {"a": "1", "b": "", "c": "3"}


def test_set__players_are_apart(driver: Driver, player: Login, token: str) -> None:
    """What is stored for one player is not stored for another."""
    other = driver.player()
    driver.post(SET, player, token, kv(("a", "1")))
    assert stored(driver, other) == {}


def test_set__last_of_the_same_key_wins(driver: Driver, player: Login, token: str) -> None:
    """A key given twice in one list gets its last value."""
    assert driver.post(SET, player, token, kv(("a", "1"), ("a", "2")))["errcode"] == 0
    assert stored(driver, player) == {"a": "2"}


def test_set__empty_list(driver: Driver, player: Login, token: str) -> None:
    """An empty list is a success that changes nothing."""
    assert driver.post(SET, player, token, kv())["errcode"] == 0
    assert stored(driver, player) == {}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("k" * 128, "v", 0),
        ("k" * 129, "v", 87019),
        ("名" * 42 + "kk", "v", 0),
        ("名" * 43, "v", 87019),
        ("k", "v" * 1023, 0),
        ("k", "v" * 1024, 87016),
        ("kkk", "分" * 340 + "v", 0),
        ("kkk", "分" * 340 + "vv", 87016),
        ("k" * 128, "v" * 896, 0),
        ("k" * 129, "v" * 1000, 87019),
        ("k", '"' * 1023, 0),
    ],
)
def test_set__limits_in_bytes(
    driver: Driver, player: Login, token: str, key: str, value: str, code: int
) -> None:
    """A key may have 128 bytes, a pair 1024: UTF-8 bytes of the unescaped strings."""
    assert driver.post(SET, player, token, kv((key, value)))["errcode"] == code
    assert (key in stored(driver, player)) == (code == 0)


@pytest.mark.parametrize(
    ("key", "value"), [("k", 1), ("k", None), ("k", True), ("k", ["v"]), ("", "v"), (None, "v")]
)
def test_set__only_strings(driver: Driver, player: Login, token: str, key: Any, value: Any) -> None:
    """A key is a non-empty string and a value a string."""
    assert driver.post(SET, player, token, kv((key, value)))["errcode"] == -2


@pytest.mark.parametrize("body", [b'{"kv_list":[{"key":"\\ud800","value":"v"}]}'])
def test_set__half_a_surrogate_pair(driver: Driver, player: Login, token: str, body: bytes) -> None:
    """Half a surrogate pair is no text."""
    assert driver.post(SET, player, token, body)["errcode"] == -2


def test_set__pairs_stored_are_counted(driver: Driver, player: Login, token: str) -> None:
    """128 pairs may be stored after the call; overwriting one of them adds none."""
    assert (
        driver.post(SET, player, token, kv(*((f"k{i}", "v") for i in range(129))))["errcode"]
        == 87018
    )
    assert (
        driver.post(SET, player, token, kv(*((f"k{i}", "v") for i in range(127))))["errcode"] == 0
    )
    assert driver.post(SET, player, token, kv(("x", "v"), ("y", "v")))["errcode"] == 87018
    assert driver.post(SET, player, token, kv(("x", "v"), ("k0", "w")))["errcode"] == 0
    assert driver.post(SET, player, token, kv(("k0", "v")))["errcode"] == 0
    assert len(stored(driver, player)) == 128


def test_set__total_bytes(small_storage: Driver) -> None:
    """All keys and values of a player together may have total_bytes."""
    player, token = small_storage.player(), small_storage.token()
    assert small_storage.post(SET, player, token, kv(("a", "1" * 20)))["errcode"] == 87017
    assert small_storage.post(SET, player, token, kv(("a", "1" * 19)))["errcode"] == 0
    assert small_storage.post(SET, player, token, kv(("b", "")))["errcode"] == 87017
    assert small_storage.post(SET, player, token, kv(("a", "1"), ("名", "2")))["errcode"] == 0
    assert stored(small_storage, player) == {"a": "1", "名": "2"}


def test_set__all_or_nothing(driver: Driver, player: Login, token: str) -> None:
    """One bad pair keeps the good ones out too."""
    driver.post(SET, player, token, kv(("a", "1")))
    for bad in [("k" * 129, "v"), ("k", "v" * 1024), ("k", 1)]:
        assert driver.post(SET, player, token, kv(("a", "2"), bad))["errcode"] != 0
    assert stored(driver, player) == {"a": "1"}


def test_set__key_length_is_looked_at_first(driver: Driver, player: Login, token: str) -> None:
    """Where several limits are passed, a key too long is named before a pair too long."""
    body = kv(("a", "v" * 2000), ("k" * 129, "v"))
    assert driver.post(SET, player, token, body)["errcode"] == 87019


def test_remove(driver: Driver, player: Login, token: str) -> None:
    """Named keys go, others stay, absent ones are no error."""
    driver.post(SET, player, token, kv(("a", "1"), ("b", "2"), ("c", "3")))
    assert driver.post(REMOVE, player, token, {"key": ["a", "c", "nobody's"]})["errcode"] == 0
    assert driver.post(REMOVE, player, token, {"key": []})["errcode"] == 0
    assert stored(driver, player) == {"b": "2"}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("1", 1, 0),
        ("50", 0, 0),
        ("7", 1.0, 0),
        ("0", 1, -2),
        ("51", 1, -2),
        ("01", 1, -2),
        (1, 1, -2),
        ("1", 2, -2),
        ("1", -1, -2),
        ("1", 0.5, -2),
        ("1", True, -2),
        ("1", "1", -2),
        ("1", None, -2),
    ],
)
def test_interactive(
    driver: Driver, player: Login, token: str, key: Any, value: Any, code: int
) -> None:
    """Keys are "1" to "50", values the JSON numbers 0 and 1; a bool is none."""
    assert driver.post(INTERACTIVE, player, token, kv((key, value)))["errcode"] == code
    values = driver.sandbox.state()["players"][player.openid]["interactive"]
    assert values == ({} if code else {key: int(value)})


def test_interactive__all_or_nothing(driver: Driver, player: Login, token: str) -> None:
    """One bad pair keeps the good ones out too; a good call overwrites what it names."""
    driver.post(INTERACTIVE, player, token, kv(("1", 1), ("2", 1)))
    driver.post(INTERACTIVE, player, token, kv(("1", 0), ("99", 1)))
    driver.post(INTERACTIVE, player, token, kv(("2", 0)))
    values = driver.sandbox.state()["players"][player.openid]["interactive"]
    assert values == {"1": 1, "2": 0}
