"""Settings of a framework, and the sessions that are made of them."""

import os
import threading

import pytest
from cryptography.fernet import Fernet
from sessions import log_in

from qqminigame import (
    CloudStorage,
    ConfigurationError,
    Dawanka,
    HallLogin,
    MemoryStore,
    OutcomeUnknownError,
    Session,
)
from qqminigame.integrations.configuration import NAMES, Sessions, read
from qqminigame.session import SessionArguments
from qqminigame.testing import assert_no_secrets

SECRET = "keep-this-secret"
WHERE = "settings.QQMINIGAME['default']"


def sessions_of(**settings):
    """Return the sessions of some aliases, and a list that notes each time one is configured."""
    configured = []

    def configure(alias):
        configured.append(alias)
        return read(settings[alias], f"settings.QQMINIGAME[{alias!r}]")

    return Sessions(configure, lambda: settings), configured


@pytest.fixture
def values(sandbox):
    """The settings of a session to the sandbox."""
    return {
        "APP_ID": sandbox.app_id,
        "APP_SECRET": sandbox.app_secret,
        "HALL_APP_ID": sandbox.hall_app_id,
        "APP_KEY": sandbox.app_key,
        "BASE_URL": sandbox.url,
        "STORE": "memory:",
        "ORDERS": "memory:",
    }


# --- read


def test_read__arguments_of_a_session():
    """Names in capitals are the arguments of Session; ORDERS goes to Dawanka."""
    configuration = read({"APP_ID": "1", "POOL_SIZE": 3, "ORDERS": "memory:"}, WHERE)
    assert configuration.arguments == {"app_id": "1", "pool_size": 3}
    assert configuration.orders == "memory:"
    assert configuration.where == WHERE


def test_read__every_argument_of_a_session():
    """No argument of Session is left out, and none of Dawanka."""
    assert {name.lower() for name in NAMES} == {
        *SessionArguments.__annotations__,
        *("orders", "cipher"),
    }


def test_read__none_is_not_set():
    """What ``os.environ.get`` returns for a missing variable is the argument's default."""
    values = {"APP_ID": "1", "PLATFORM": None, "TIMEOUT": None, "ORDERS": None}
    configuration = read(values, WHERE)
    assert configuration.arguments == {"app_id": "1"}
    assert configuration.orders is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [("APP_SECRT", "APP_SECRET"), ("app_key", "APP_KEY"), ("ORDER", "ORDERS"), ("URL", None)],
)
def test_read__unknown_name(name, meant):
    """It is refused, with the nearest right one, or else all of them; its value is not shown."""
    with pytest.raises(ConfigurationError) as caught:
        read({"APP_ID": "1", name: SECRET}, WHERE)
    english = caught.value.english
    assert english.startswith(f"{WHERE} has no setting {name!r}; ")
    assert english.endswith(f"did you mean {meant!r}?" if meant else ", ".join(NAMES))
    assert_no_secrets(caught.value, [SECRET])


@pytest.mark.parametrize("values", [{}, {"APP_ID": None}, {"APP_SECRET": SECRET}])
def test_read__no_app_id(values):
    """Nothing works without one."""
    with pytest.raises(ConfigurationError, match=r"\['default'\] has no APP_ID; set it to"):
        read(values, WHERE)


@pytest.mark.parametrize("values", [None, "1110766236", ["APP_ID"], 3])
def test_read__not_a_dict(values):
    """It is an error that names the place, not one of Python's."""
    with pytest.raises(ConfigurationError, match=r"must be a dict of settings, not \w+"):
        read(values, WHERE)


def test_read__name_that_is_not_a_str():
    """It is unknown like any other."""
    with pytest.raises(ConfigurationError, match="has no setting 7"):
        read({"APP_ID": "1", 7: "x"}, WHERE)


def test_configuration__shows_no_secret():
    """Neither the credentials nor addresses, which may hold a password, are in its repr."""
    address = f"redis://:{SECRET}@127.0.0.1/0"
    values = {"APP_ID": "1", "APP_SECRET": SECRET, "STORE": address, "ORDERS": address}
    assert_no_secrets(read(values, WHERE), [SECRET])


# --- sessions


def test_sessions__one_of_each_alias(values):
    """It is made when it is first asked for, and is the same from then on."""
    sessions, configured = sessions_of(default=values, other={"APP_ID": "2", "STORE": "memory:"})
    assert configured == []
    assert isinstance(sessions["default"], Session)
    assert sessions["default"] is sessions["default"] is not sessions["other"]
    assert configured == ["default", "other"]
    assert sessions.aliases == ("default", "other")
    assert repr(sessions) == "<Sessions default, other>"


def test_sessions__calls(values, sandbox):
    """A session of the settings works, and so does Dawanka, with the configured orders."""
    sessions, _ = sessions_of(default=values)
    session = sessions["default"]
    CloudStorage(session).set(log_in(session, sandbox, "AB"), {"score": "1"})
    assert sandbox.state()["players"]["AB"]["storage"] == {"score": "1"}
    dawanka = sessions.dawanka()
    assert isinstance(dawanka, Dawanka)
    assert dawanka is sessions.dawanka("default")
    assert list(dawanka.orders()) == []
    sessions.close()


def test_sessions__orders_that_are_a_store(values):
    """A store is taken as it is."""
    orders = MemoryStore()
    sessions, _ = sessions_of(default={**values, "ORDERS": orders})
    assert sessions.configuration().orders is orders
    assert list(sessions.dawanka().orders()) == []


def test_sessions__cipher(values, sandbox):
    """An openkey that is recorded with an order is encrypted with it."""
    orders, key = MemoryStore(), Fernet(Fernet.generate_key())
    sessions, _ = sessions_of(default={**values, "ORDERS": orders, "CIPHER": key})
    player = sandbox.hall_login()
    hall_login = HallLogin(openid=player.openid, openkey=player.openkey)
    sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
    with pytest.raises(OutcomeUnknownError):
        sessions.dawanka().report_pay(hall_login, "order-1")
    assert_no_secrets(orders.scan("pay:")[0], [player.openkey])
    (order,) = sessions.dawanka().orders("open")
    assert order.has_openkey
    assert "Fernet" not in repr(sessions.configuration())


def test_sessions__wrong_cipher(values):
    """Something that is no cipher is refused, with its place."""
    sessions, _ = sessions_of(default={**values, "CIPHER": "a-key-and-not-a-cipher"})
    with pytest.raises(ConfigurationError, match="cipher") as caught:
        sessions.dawanka()
    assert_no_secrets(caught.value, ["a-key-and-not-a-cipher"])


def test_sessions__unknown_alias(values):
    """The error lists those that there are."""
    sessions, _ = sessions_of(default=values, douyin=values)
    for ask in (sessions.__getitem__, sessions.dawanka, sessions.configuration):
        with pytest.raises(ConfigurationError) as caught:
            ask("duoyin")
        assert caught.value.english == (
            "there is no alias 'duoyin'; the configured aliases are default, douyin"
        )


def test_sessions__wrong_value_names_its_place(values):
    """What Session refuses is told with the place of the settings, and hangs on nothing."""
    sessions, _ = sessions_of(default={**values, "POOL_SIZE": SECRET})
    with pytest.raises(ConfigurationError) as caught:
        sessions["default"]
    assert caught.value.english.startswith(f"{WHERE}: pool_size must be")
    assert caught.value.__context__ is None


def test_sessions__wrong_orders_name_their_place(values):
    """So is what Dawanka refuses."""
    sessions, _ = sessions_of(default={**values, "ORDERS": "elsewhere"})
    with pytest.raises(ConfigurationError) as caught:
        sessions.dawanka()
    assert caught.value.english.startswith(f"{WHERE}: unknown store 'elsewhere'")


def test_close__forgets_everything(values, sandbox):
    """The next use reads the settings again; the connections of before are closed."""
    sessions, configured = sessions_of(default=values)
    session, dawanka = sessions["default"], sessions.dawanka()
    log_in(session, sandbox)
    sessions.close()
    assert sessions["default"] is not session
    assert sessions.dawanka() is not dawanka
    assert configured == ["default", "default"]
    sessions.close()


def test_close__ends_the_connections(values, monkeypatch):
    """Each session is closed, once."""
    sessions, _ = sessions_of(default=values, other=values)
    made, closed = {sessions["default"], sessions["other"]}, []
    monkeypatch.setattr(Session, "close", lambda session: closed.append(session))
    sessions.close()
    sessions.close()
    assert set(closed) == made
    assert len(closed) == 2


def test_sessions__16_threads_get_one(values):
    """Threads that ask at the same time get the same session, and the same Dawanka."""
    together = threading.Barrier(16)
    settings = {"default": values}

    def configure(alias):
        together.wait(60)  # all of them are past the look at what there is
        return read(settings[alias], WHERE)

    sessions = Sessions(configure, lambda: settings)
    made = []

    def ask():
        made.append((sessions["default"], sessions.dawanka()))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 16
    assert len(set(made)) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_sessions__in_the_child_of_a_fork(values, sandbox):
    """A child calls by the session of its parent, on a connection of its own."""
    sessions, _ = sessions_of(default=values)
    login = log_in(sessions["default"], sandbox, "AB")
    child = os.fork()
    if not child:
        try:
            CloudStorage(sessions["default"]).set(login, {"by": "child"})
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sandbox.state()["players"]["AB"]["storage"] == {"by": "child"}
    sessions.close()
