"""The game hall: the signature, the openkey and Dawanka."""

from typing import Any

import attrs
import pytest
from independent import openapi_sig
from sandbox_driver import INFO, REPORT, Driver

from qqminigame import HallLogin

both = pytest.mark.parametrize("path", [INFO, REPORT])


def test_info__reply(driver: Driver) -> None:
    """A player without a card has exactly the documented fields."""
    openid, openkey = driver.sandbox.hall_login(
        level=2, score=77, binding=True, discount=20, pay_return_count=3
    )
    assert driver.hall(INFO, openid, openkey, version="2") == {
        "ret": 0,
        "msg": "",
        "score": 77,
        "level": 2,
        "binding": True,
        "discount": 20,
        "payReturnCount": 3,
    }


def test_info__new_player_has_nothing(driver: Driver) -> None:
    """A new player is level 0 with no use left, as in the page's example."""
    assert driver.hall(INFO, *driver.sandbox.hall_login(), version="2") == {
        "ret": 0,
        "msg": "",
        "score": 0,
        "level": 0,
        "binding": False,
        "discount": 0,
        "payReturnCount": 0,
    }


@pytest.mark.parametrize(
    ("level", "version", "shown"),
    [(1, "", 1), (2, "1", 2), (3, "", 0), (4, "1", 0), (3, "2", 3), (4, "2", 4), (4, "02", 0)],
)
def test_info__levels_of_version_2(driver: Driver, level: int, version: str, shown: int) -> None:
    """Levels 3 and 4 are shown to version 2 only."""
    openid, openkey = driver.sandbox.hall_login(
        level=level, is_using_card=True, real_level=level, card_expire_ts=1
    )
    reply = driver.hall(INFO, openid, openkey, **({"version": version} if version else {}))
    assert (reply["level"], reply["realLevel"]) == (shown, shown)


def test_info__card(driver: Driver) -> None:
    """The card's fields appear while it is in use and not otherwise."""
    card: dict[str, Any] = {"level": 2, "real_level": 1, "card_expire_ts": 1_800_000_000}
    openid, openkey = driver.sandbox.hall_login(is_using_card=True, **card)
    reply = driver.hall(INFO, openid, openkey, version="2")
    assert (reply["isUsingCard"], reply["realLevel"]) == (True, 1)
    assert reply["CardExpireTs"] == 1_800_000_000
    driver.sandbox.hall_login(openid, is_using_card=False)
    reply = driver.hall(INFO, openid, openkey, version="2")
    assert not {"isUsingCard", "realLevel", "CardExpireTs"} & set(reply)


@both
def test_hall__content_type(driver: Driver, path: str) -> None:
    """Replies are sent as text/html: the pages say that this happens."""
    parameters = driver.hall_parameters(path, *driver.sandbox.hall_login())
    reply = driver.http.get(driver.sandbox.url + path, params=parameters, timeout=10)
    assert reply.headers["Content-Type"].startswith("text/html")


def test_report__takes_one_use_away(driver: Driver) -> None:
    """Each success takes one use; with none left the sandbox's own number comes, with a word."""
    openid, openkey = driver.sandbox.hall_login(pay_return_count=2)
    assert driver.hall(REPORT, openid, openkey) == {
        "ret": 0,
        "msg": "report success.",
        "use": 1,
        "left": 1,
    }
    assert driver.hall(REPORT, openid, openkey)["left"] == 0
    refused = driver.hall(REPORT, openid, openkey)
    assert refused["ret"] == 2009999
    assert "sandbox" in refused["msg"]
    state = driver.sandbox.state()["hall"][openid]
    assert (state["payReturnCount"], state["used"], state["reports"]) == (0, 2, 2)


def test_report__unlimited(driver: Driver) -> None:
    """A player with -1 keeps it; the uses are counted."""
    openid, openkey = driver.sandbox.hall_login(pay_return_count=-1)
    replies = [driver.hall(REPORT, openid, openkey) for _ in range(3)]
    assert [(reply["use"], reply["left"]) for reply in replies] == [(1, -1), (2, -1), (3, -1)]


def test_report__use_counts_at_the_level(driver: Driver) -> None:
    """Another level starts the uses again; the reports go on."""
    openid, openkey = driver.sandbox.hall_login(level=1, pay_return_count=9)
    driver.hall(REPORT, openid, openkey)
    driver.sandbox.hall_login(openid, level=2)
    assert driver.hall(REPORT, openid, openkey)["use"] == 1
    assert driver.sandbox.state()["hall"][openid]["reports"] == 2


@both
@pytest.mark.parametrize(
    ("changes", "ret"),
    [
        ({"appid": "1"}, 2000001),
        ({"appid": ""}, 2000001),
        ({"openid": "nobody"}, 2000002),
        ({"openid": ""}, 2000002),
        ({"openkey": "A" * 31}, 2000003),
        ({"openkey": "A" * 33}, 2000003),
        ({"openkey": "é" * 32}, 2000003),
        ({"openkey": ""}, 2000003),
        ({"pf": "qzone"}, 1),
        ({"format": "xml"}, 1),
        ({"openkey": "A" * 32}, 2000023),
    ],
)
def test_hall__refused(driver: Driver, path: str, changes: dict[str, str], ret: int) -> None:
    """Each wrong parameter has its code, although the call is well signed, and takes no use."""
    openid, openkey = driver.sandbox.hall_login(pay_return_count=1)
    parameters = driver.hall_parameters(path, openid, openkey) | changes
    del parameters["sig"]
    parameters["sig"] = openapi_sig("GET", path, parameters, driver.sandbox.app_key)
    reply = driver.get(path, parameters)
    assert reply["ret"] == ret
    assert reply["msg"]
    assert driver.sandbox.state()["hall"][openid]["payReturnCount"] == 1


@both
def test_hall__sig(driver: Driver, path: str) -> None:
    """A sig that is missing, wrong, of another path or of other parameters is 2000004."""
    good = driver.hall_parameters(path, *driver.sandbox.hall_login())
    other = INFO if path == REPORT else REPORT
    bare = {name: value for name, value in good.items() if name != "sig"}
    for wrong in [
        bare,
        good | {"sig": "wrong"},
        good | {"sig": openapi_sig("GET", other, bare, driver.sandbox.app_key)},
        good | {"sig": openapi_sig("GET", path, bare, "other-key")},
        good | {"userip": "10.0.0.1"},
    ]:
        assert driver.get(path, wrong)["ret"] == 2000004


@both
def test_hall__order_of_the_checks(driver: Driver, path: str) -> None:
    """With everything wrong: appid, openid, openkey's length, pf, sig, openkey."""
    openid, openkey = driver.sandbox.hall_login(pay_return_count=1)
    wrong = {"appid": "1", "openid": "x", "openkey": "x", "pf": "x", "sig": "x"}
    rets = []
    for name, value in [
        ("appid", driver.sandbox.hall_app_id),
        ("openid", openid),
        ("openkey", "A" * 32),
        ("pf", "qqgame"),
    ]:
        rets.append(driver.get(path, wrong)["ret"])
        wrong[name] = value
    rets.append(driver.get(path, wrong)["ret"])
    rets.append(driver.hall(path, openid, "A" * 32)["ret"])
    rets.append(driver.hall(path, openid, openkey)["ret"])
    assert rets == [2000001, 2000002, 2000003, 1, 2000004, 2000023, 0]


def test_hall__parameter_given_twice(driver: Driver) -> None:
    """A parameter given twice is a parameter error."""
    parameters: dict[str, Any] = dict(driver.hall_parameters(INFO, *driver.sandbox.hall_login()))
    parameters["userip"] = ["10.0.0.1", "10.0.0.1"]
    assert driver.get(INFO, parameters)["ret"] == 1


def test_hall__values_are_signed_raw(driver: Driver) -> None:
    """Spaces, plus, percent, tilde and Chinese are signed as they are, not as they travel."""
    openid, openkey = driver.sandbox.hall_login("a b+c%2B~*名")
    extra = {"userip": "1 + 1 = 100% ~*'()", "empty": "", "format": "json"}
    assert driver.hall(INFO, openid, openkey, **extra)["ret"] == 0


def test_openkey__of_another_player(driver: Driver) -> None:
    """A player cannot come with another one's openkey."""
    openid, _ = driver.sandbox.hall_login()
    _, openkey = driver.sandbox.hall_login()
    assert driver.hall(INFO, openid, openkey)["ret"] == 2000023


@pytest.mark.parametrize(("age", "ret"), [(7190, 0), (7200, 2000023), (20000, 2000023)])
def test_openkey__lives_two_hours(driver: Driver, age: int, ret: int) -> None:
    """An openkey is good for 7200 seconds; a new one is good whatever became of the old."""
    openid, openkey = driver.sandbox.hall_login()
    driver.sandbox.advance(age)
    assert driver.hall(INFO, openid, openkey)["ret"] == ret
    _, fresh = driver.sandbox.hall_login(openid)
    assert driver.hall(INFO, openid, fresh)["ret"] == 0


def test_openkey__shape(driver: Driver) -> None:
    """An openkey is 32 upper-case hex characters, another one at each login."""
    openid, openkey = driver.sandbox.hall_login()
    _, second = driver.sandbox.hall_login(openid)
    assert len(openkey) == 32
    assert set(openkey) <= set("0123456789ABCDEF")
    assert openkey != second
    assert driver.hall(INFO, openid, openkey)["ret"] == 0


def test_hall_login__is_what_the_client_takes(driver: Driver) -> None:
    """Its attributes are those of the client's HallLogin, it unpacks, and its repr has no key."""
    entry = driver.sandbox.hall_login("AB")
    openid, openkey = entry
    assert (entry.openid, entry.openkey) == (openid, openkey) == ("AB", openkey)
    login = HallLogin(**attrs.asdict(entry))
    assert (login.openid, login.openkey) == (openid, openkey)
    assert openkey not in repr(entry)


def test_hall_login__keeps_what_is_not_given(driver: Driver) -> None:
    """Coming in again changes only what is given."""
    openid, _ = driver.sandbox.hall_login(level=1, score=5, pay_return_count=3)
    _, openkey = driver.sandbox.hall_login(openid, score=6)
    reply = driver.hall(INFO, openid, openkey)
    assert (reply["level"], reply["score"], reply["payReturnCount"]) == (1, 6, 3)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"level": 5}, "level must be 0, 1, 2, 3 or 4"),
        ({"score": -1}, "score must be a whole number from 0"),
        ({"binding": 1}, "binding must be true or false"),
        ({"pay_return_count": -2}, "pay_return_count must be .* or -1 for unlimited"),
        ({"real_level": True}, "real_level must be 0, 1"),
        ({"openid": 7}, "openid must be a text"),
    ],
)
def test_hall_login__nonsense_is_refused(
    driver: Driver, fields: dict[str, Any], words: str
) -> None:
    """A player the platform cannot have is refused, with what it can have."""
    with pytest.raises(ValueError, match=words):
        driver.sandbox.hall_login(**fields)
    assert driver.sandbox.state()["hall"] == {}
