"""The Flask extension: config, sessions, the current session, error handlers."""

import copy
import threading

import gevent
import pytest
from flask import Blueprint, Flask
from sessions import log_in

from qqminigame import (
    BusyError,
    CloudStorage,
    ConfigurationError,
    Dawanka,
    InteractiveData,
    LoginExpiredError,
    QQMiniGameError,
    RateLimitError,
    Session,
    StoreError,
)
from qqminigame.integrations.configuration import Sessions
from qqminigame.integrations.flask import (
    QQMiniGame,
    current_dawanka,
    current_session,
    register_error_handlers,
)
from qqminigame.messages import Text
from qqminigame.testing import assert_no_secrets

TEXT = Text("the text for developers", "给开发者的文本")


def values(sandbox, prefix="", **changes):
    """Return the settings of a session to the sandbox."""
    named = {
        "APP_ID": sandbox.app_id,
        "APP_SECRET": sandbox.app_secret,
        "HALL_APP_ID": sandbox.hall_app_id,
        "APP_KEY": sandbox.app_key,
        "BASE_URL": sandbox.url,
        "STORE": "memory:",
        "ORDERS": "memory:",
        **changes,
    }
    return {f"{prefix}{name}": value for name, value in named.items()}


@pytest.fixture
def minigame():
    """The extension, without an app."""
    return QQMiniGame()


@pytest.fixture
def app(sandbox, minigame):
    """An app with the sandbox's settings."""
    app = Flask("game")
    app.config.from_mapping(values(sandbox, "QQMINIGAME_"))
    minigame.init_app(app)
    yield app
    app.extensions["qqminigame"].close()


def made(config):
    """Return an app with a config, and its extension."""
    app = Flask("game")
    app.config.from_mapping(config)
    return app, QQMiniGame(app)


# --- registering


def test_app__has_its_sessions_in_extensions(app, minigame):
    """They are where Flask's extensions keep what belongs to an app."""
    sessions = app.extensions["qqminigame"]
    assert isinstance(sessions, Sessions)
    assert sessions["default"] is minigame.session(app=app)


def test_app__given_at_once(sandbox):
    """``QQMiniGame(app)`` registers, as with other extensions."""
    app, minigame = made(values(sandbox, "QQMINIGAME_"))
    assert isinstance(minigame.session(app=app), Session)


def test_app__registered_twice(app, minigame):
    """It is a mistake, whichever object does it."""
    for other in (minigame, QQMiniGame()):
        with pytest.raises(ConfigurationError, match=r"has a QQMiniGame already"):
            other.init_app(app)


def test_app__not_registered(minigame):
    """The error says what to call."""
    for use in (lambda: minigame.session(app=Flask("other")), lambda: minigame.dawanka()):
        with Flask("other").app_context(), pytest.raises(ConfigurationError, match="init_app"):
            use()


def test_apps__of_one_extension(sandbox, minigame):
    """Several apps in a process have sessions of their own, and the extension keeps none of it."""
    apps = [Flask("first"), Flask("second")]
    for number, app in enumerate(apps):
        app.config.from_mapping(values(sandbox, "QQMINIGAME_", APP_ID=str(number)))
        minigame.init_app(app)
    found = [minigame.session(app=app) for app in apps]
    assert ["qq:" in repr(each) for each in found] == [True, True]
    assert [repr(each).partition(" store")[0][-1] for each in found] == ["0", "1"]
    for app, session in zip(apps, found, strict=True):
        with app.app_context():
            assert minigame.session() is session
            assert repr(current_session) == repr(session)
    assert vars(minigame) == {}


# --- config


def test_config__may_be_set_after_the_registration(sandbox, minigame):
    """It is read when a session is first used."""
    app = Flask("game")
    minigame.init_app(app)
    app.config.from_mapping(values(sandbox, "QQMINIGAME_"))
    assert isinstance(minigame.session(app=app), Session)


def test_config__aliases(sandbox):
    """QQMINIGAME has a dict for each alias; the default one may be among them or not."""
    douyin = values(sandbox, PLATFORM="douyin")
    for config in (
        {"QQMINIGAME": {"douyin": douyin}, **values(sandbox, "QQMINIGAME_")},
        {"QQMINIGAME": {"douyin": douyin, "default": values(sandbox)}},
    ):
        app, minigame = made(config)
        assert minigame.session(app=app).platform.name == "qq"
        assert minigame.session("douyin", app=app).platform.name == "douyin"
        with pytest.raises(ConfigurationError, match=r"'wechat'.*douyin"):
            minigame.session("wechat", app=app)


def test_config__default_twice(sandbox):
    """Nobody could know which of them counts."""
    config = {"QQMINIGAME": {"default": values(sandbox)}, "QQMINIGAME_APP_ID": "1"}
    app, minigame = made(config)
    with pytest.raises(ConfigurationError, match=r"both .*QQMINIGAME_APP_ID"):
        minigame.session(app=app)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"QQMINIGAME_APP_ID": "1", "QQMINIGAME_APP_SECRT": "keep-this"}, "'APP_SECRET'"),
        ({"QQMINIGAME_APP_SECRET": "keep-this"}, r"app.config\['QQMINIGAME_\*'\] has no APP_ID"),
        ({"QQMINIGAME": {"default": {"APP_ID": "1", "X": "keep-this"}}}, r"\['default'\] has no"),
        ({"QQMINIGAME": {"default": "keep-this"}}, "must be a dict of settings"),
        ({"QQMINIGAME": "keep-this"}, "must be a dict of aliases"),
        ({"QQMINIGAME_APP_ID": 1.5, "QQMINIGAME_APP_SECRET": "keep-this"}, "app_id must be a str"),
    ],
)
def test_config__that_is_wrong(config, words):
    """The error says where and what, and shows no value."""
    app, minigame = made(config)
    with pytest.raises(ConfigurationError, match=words) as caught:
        minigame.session(app=app)
    assert_no_secrets(caught.value, ["keep-this"])


def test_config__of_the_environment(sandbox, monkeypatch):
    """Without settings in the config, those count that Session.from_env knows."""
    app, minigame = made({"QQMINIGAME_ERROR_HANDLERS": True})
    with pytest.raises(ConfigurationError, match=r"neither app\.config nor the environment"):
        minigame.session(app=app)
    for name, value in values(sandbox, "QQMINIGAME_").items():
        monkeypatch.setenv(name, value)
    assert sandbox.app_id in repr(minigame.session(app=app))
    orders = app.extensions["qqminigame"].configuration().orders
    assert orders == "memory:"


def test_config__wins_over_the_environment(sandbox, monkeypatch):
    """No secret of the environment goes with an app id of the config."""
    monkeypatch.setenv("QQMINIGAME_APP_SECRET", "keep-this-secret")
    app, minigame = made({"QQMINIGAME_APP_ID": "1", "QQMINIGAME_STORE": "memory:"})
    with pytest.raises(ConfigurationError, match="needs app_secret"):
        CloudStorage(minigame.session(app=app))


def test_config__of_prefixed_variables(sandbox, monkeypatch):
    """Flask reads them as JSON, so that an app id of digits arrives as a number."""
    for name, value in values(sandbox, "FLASK_QQMINIGAME_").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FLASK_QQMINIGAME__douyin__APP_ID", "77")
    monkeypatch.setenv("FLASK_QQMINIGAME__douyin__PLATFORM", "douyin")
    app = Flask("game")
    app.config.from_prefixed_env()
    minigame = QQMiniGame(app)
    assert app.config["QQMINIGAME_APP_ID"] == int(sandbox.app_id)
    assert sandbox.app_id in repr(minigame.session(app=app))
    assert ":77 " in repr(minigame.session("douyin", app=app))


# --- the current session


def test_session__in_a_view(app, sandbox):
    """Services take the stand-in as a session, and call the platform with it."""
    with app.app_context():
        login = log_in(current_session, sandbox)
        CloudStorage(current_session).set(login, {"score": "7"})
        InteractiveData(current_session).set(login.openid, {"1": 1})
        assert isinstance(current_session, Session)
    player = sandbox.state()["players"][login.openid]
    assert (player["storage"], player["interactive"]) == ({"score": "7"}, {"1": 1})


def test_dawanka__in_a_view(app, hall_login, minigame):
    """The service is the same in each view, with the orders of the config."""
    with app.app_context():
        assert isinstance(current_dawanka, Dawanka)
        assert current_dawanka.report_pay(hall_login, "order-1").left == 2
        assert next(minigame.dawanka().orders()).order_id == "order-1"
        assert minigame.dawanka() is minigame.dawanka(app=app)


def test_session__is_one_per_process(app, minigame):
    """It outlives contexts: all requests share one pool and one access token."""
    found = set()
    for _ in range(2):
        with app.app_context():
            found.add(id(minigame.session()))
    assert len(found) == 1


@pytest.mark.parametrize("spawn", ["thread", "greenlet"])
def test_session__without_an_app_context(app, spawn):
    """A thread or greenlet that a view starts has none; the error says what to do instead."""
    caught = []

    def use():
        for attempt in (lambda: CloudStorage(current_session), lambda: current_dawanka.orders):
            with pytest.raises(ConfigurationError) as error:
                attempt()
            caught.append(error.value)

    with app.app_context():
        if spawn == "thread":
            thread = threading.Thread(target=use)
            thread.start()
            thread.join()
        else:
            gevent.spawn(use).get()
    assert len(caught) == 2
    for error in caught:
        assert "session = minigame.session()" in error.english
        assert "session = minigame.session()" in error.chinese


def test_session__taken_out_in_the_view(app, sandbox, minigame):
    """A thread may use it without a context."""
    with app.app_context():
        session = minigame.session()
        login = log_in(session, sandbox)
    storage = CloudStorage(session)
    thread = threading.Thread(target=storage.set, args=(login, {"score": "8"}))
    thread.start()
    thread.join()
    assert sandbox.state()["players"][login.openid]["storage"] == {"score": "8"}


def test_session__stands_in_for_the_real_one(app, minigame):
    """Attributes, copies and views of it are those of the app's session; outside it has a repr."""
    with app.app_context():
        session = minigame.session()
        assert current_session.store is session.store
        assert type(copy.copy(current_session)) is type(current_session.within(2)) is Session
        assert repr(current_session) == repr(session)
    assert repr(current_session) == "<Session, not available here>"
    assert not isinstance(current_session, Flask)


def test_session__has_no_secret_in_its_repr(app, sandbox):
    """Neither the stand-in nor what belongs to the app shows one."""
    secrets = [sandbox.app_secret, sandbox.app_key]
    with app.app_context():
        assert_no_secrets([repr(current_session), repr(app.extensions)], secrets)
        assert_no_secrets(repr(app.extensions["qqminigame"].configuration()), secrets)


# --- error handlers


def failing(app, error):
    """Add a view that raises, and return what a request to it is answered with."""
    app.add_url_rule("/fail", "fail", view(error))
    return app.test_client()


def view(error):
    """Return a view that raises."""

    def fail():
        raise error

    return fail


def test_errors__become_json(app):
    """Status, headers and body are those of the common table."""
    register_error_handlers(app)
    answer = failing(app, LoginExpiredError(TEXT)).get("/fail")
    assert answer.status_code == 401
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "error": "login_expired",
        "message": "Please log in again.",
        "log_in": True,
        "retry": False,
    }


@pytest.mark.parametrize(
    ("environment", "asked", "spoken"),
    [
        ("en", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh", "en-US,en;q=0.9", "en"),
        ("en", "zh-Hans-CN", "zh"),
        ("zh", "fr, en;q=0.5", "en"),
        ("zh", "fr", "zh"),
        ("zh", None, "zh"),
        ("en", None, "en"),
        ("zh", "*", "zh"),
        ("en", "*", "en"),
    ],
)
def test_errors__in_the_language_of_the_request(app, environment, asked, spoken, monkeypatch):
    """What the request asks for counts, and otherwise the server's own language."""
    monkeypatch.setenv("QQMINIGAME_LANG", environment)
    register_error_handlers(app)
    client = failing(app, BusyError(TEXT))
    answer = client.get("/fail", headers={"Accept-Language": asked} if asked else {})
    assert answer.headers["Content-Language"] == spoken
    assert answer.json["message"] == BusyError(TEXT).player_message_in(spoken)


def test_errors__are_logged(app, caplog):
    """An error tracker sees what is handled only in the log, with the name of the view."""
    register_error_handlers(app)
    failing(app, StoreError(TEXT)).get("/fail")
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", f"fail: {TEXT.english}")
    assert record.exc_info


def test_errors__the_apps_own_handler_stays(app):
    """Whoever handles the base class already has decided."""
    app.register_error_handler(QQMiniGameError, lambda error: ("mine", 418))
    register_error_handlers(app)
    assert failing(app, BusyError(TEXT)).get("/fail").text == "mine"


def test_errors__a_handler_of_one_class_wins(app):
    """Ours is for the base class: a nearer one is taken before it."""
    register_error_handlers(app)
    app.register_error_handler(RateLimitError, lambda error: ("slow down", 429))
    client = failing(app, RateLimitError(TEXT))
    assert client.get("/fail").text == "slow down"


def test_errors__a_blueprints_handler_wins(app):
    """A part of the app may answer in its own way."""
    register_error_handlers(app)
    part = Blueprint("part", "part")
    part.register_error_handler(QQMiniGameError, lambda error: ("page", 200))
    part.add_url_rule("/part", "part", view(BusyError(TEXT)))
    app.register_blueprint(part)
    client = failing(app, BusyError(TEXT))
    assert client.get("/part").text == "page"
    assert client.get("/fail").status_code == 503


def test_errors__of_a_blueprint_alone(app):
    """A blueprint of the game's calls can have the handlers, and the site's pages not."""
    part = Blueprint("api", "api")
    register_error_handlers(part)
    part.add_url_rule("/api", "fail", view(BusyError(TEXT)))
    app.register_blueprint(part)
    client = failing(app, BusyError(TEXT))
    assert client.get("/api").status_code == 503
    assert client.get("/fail").status_code == 500


def test_errors__switched_off(app):
    """For debugging, the config lets them pass."""
    register_error_handlers(app)
    app.config.update(QQMINIGAME_ERROR_HANDLERS=False, TESTING=True)
    with pytest.raises(BusyError):
        failing(app, BusyError(TEXT)).get("/fail")


def test_errors__not_registered(app):
    """Nothing is handled unasked."""
    assert failing(app, BusyError(TEXT)).get("/fail").status_code == 500


def test_errors__a_wrong_config_is_one(minigame):
    """A view of an app without settings answers 500 without a word of why, and the log has it."""
    app = Flask("game")
    minigame.init_app(app)
    register_error_handlers(app)
    app.add_url_rule("/", "index", lambda: repr(minigame.session()))
    answer = app.test_client().get("/")
    assert (answer.status_code, answer.json["error"]) == (500, "internal")
    assert "QQMINIGAME" not in answer.text
