"""Errors that escape from Django views."""

import asyncio
import logging

import django_project  # noqa: F401 - sets Django up
import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.signals import got_request_exception
from django.db import connection, connections
from django.test import AsyncClient, Client, override_settings
from django.utils import translation
from django_urls import COMMITTED, ERRORS

from qqminigame.testing import assert_no_secrets

OURS = sorted(ERRORS.keys() - {"other"})
IN_PATHS = {"sync": "/fail/", "async": "/async/"}


@pytest.fixture(params=["sync", "async"])
def get(request):
    """Ask a view, over WSGI or ASGI; both kinds of servers run both kinds of views."""
    if request.param == "sync":
        return Client(raise_request_exception=False).get

    def get(path, **options):
        client = AsyncClient(raise_request_exception=False)
        answer = asyncio.run(client.get(path, **options))
        assert isinstance(answer.asgi_request, ASGIRequest)
        return answer

    return get


@pytest.fixture(autouse=True)
def language_as_before():
    """Leave the language as it was."""
    before = translation.get_language()
    yield
    translation.activate(before)


@pytest.mark.parametrize("path", IN_PATHS.values(), ids=IN_PATHS)
@pytest.mark.parametrize("name", OURS)
def test_middleware__answers_with_the_errors_own_status_and_text(get, path, name):
    """Status, words and hints are those of the error; nothing internal is in the body."""
    error = ERRORS[name]
    answer = get(f"{path}{name}")
    body = answer.json()
    assert answer.status_code == error.http_status
    assert body["message"] == error.player_message_in("en")
    assert (body["log_in"], body["retry"]) == (error.must_log_in, error.may_retry)
    assert answer["Cache-Control"] == "no-store"
    assert_no_secrets(answer.content.decode(), [str(error)])


def test_middleware__says_when_to_repeat(get):
    """What the platform asked for is a header, in whole seconds."""
    answer = get("/fail/reply")
    assert answer["Retry-After"] == "3"
    assert answer.json()["retry_after"] == 3


def test_middleware__unknown_outcome(get):
    """The page is told that it is not known, and when it can be."""
    body = get("/fail/outcome").json()
    assert (body["outcome"], body["settle_in"], body["retry"]) == ("unknown", 68, False)


@pytest.mark.parametrize("path", IN_PATHS.values(), ids=IN_PATHS)
def test_middleware__leaves_other_errors_alone(get, path):
    """An error that is not ours is Django's, and so is a success."""
    assert get(f"{path}other").status_code == 500
    assert get(f"{path}other")["Content-Type"].startswith("text/html")
    assert get("/fine").json() == {"fine": True}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 401),
        ("*/*", 401),
        ("application/json, text/plain, */*", 401),
        ("image/png", 401),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 500),
        ("text/html", 500),
    ],
)
def test_middleware__leaves_pages_to_django(get, accept, status):
    """A browser that asks for a page gets one; a game, which says nothing or JSON, gets JSON."""
    headers = {} if accept is None else {"Accept": accept}
    assert get("/fail/login", headers=headers).status_code == status


def test_middleware__logs_for_error_trackers(get, caplog):
    """Django reports no exception that was answered; the log has it, with the view's name."""
    reported = []

    def note(**values):
        reported.append(values)

    got_request_exception.connect(note)
    try:
        with caplog.at_level(logging.INFO, "qqminigame"):
            for name in ("configuration", "store", "outcome", "login", "rate"):
                get(f"/fail/{name}")
    finally:
        got_request_exception.disconnect(note)
    assert reported == []
    records = [record for record in caplog.records if record.name == "qqminigame"]
    assert [(record.levelname, bool(record.exc_info)) for record in records] == [
        ("ERROR", True),
        ("ERROR", True),
        ("WARNING", False),
        ("INFO", False),
        ("INFO", False),
    ]
    assert records[0].getMessage() == "fail-view: app_secret of app 7 is wrong"
    assert records[0].exc_info[1] is ERRORS["configuration"]


@pytest.fixture
def atomic_requests(monkeypatch):
    """Put each request into a transaction of the project's database."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS scores (score)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE scores")


@pytest.mark.usefixtures("atomic_requests")
@pytest.mark.parametrize(
    ("path", "status", "written"), [("/write", 503, 0), ("/write/fine", 200, 1)]
)
def test_middleware__answers_after_the_rollback(path, status, written):
    """The answer does not save what the view has written, nor what it meant to do later."""
    COMMITTED.clear()
    answer = Client(raise_request_exception=False).get(path)
    assert answer.status_code == status
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scores")
        assert cursor.fetchone() == (written,)
    assert len(COMMITTED) == written


# --- language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh", "zh"),
        ("zh-TW", "zh"),
        ("en-US,zh;q=0.5", "en"),
        ("fr", "en"),
        ("nonsense", "en"),
    ],
)
def test_language__of_the_request(get, header, language):
    """Without anything else, it is what the player's machine asks for."""
    headers = {} if header is None else {"Accept-Language": header}
    answer = get("/fail/login", headers=headers)
    assert answer["Content-Language"] == language
    assert answer.json()["message"] == ERRORS["login"].player_message_in(language)


@override_settings(LANGUAGE_CODE="zh-hans")
def test_language__of_the_project(get):
    """A Chinese project speaks Chinese to whoever asks for no language."""
    with translation.override("zh-hans"):
        assert get("/fail/login")["Content-Language"] == "zh"
        assert get("/fail/login", headers={"Accept-Language": "en"})["Content-Language"] == "en"


def test_language__that_the_view_has_chosen(get):
    """What the game knows of its player counts more than the machine."""
    answer = get("/activate/zh-hans", headers={"Accept-Language": "en"})
    assert answer["Content-Language"] == "zh"


LOCALE = "django.middleware.locale.LocaleMiddleware"


@pytest.mark.parametrize(("cookie", "language"), [("zh-hans", "zh"), ("en-us", "en")])
def test_language__of_the_locale_middleware(cookie, language, settings_with):
    """What Django's own middleware has found is not looked for again."""
    with settings_with(LOCALE):
        client = Client(raise_request_exception=False)
        client.cookies["django_language"] = cookie
        answer = client.get("/fail/login", headers={"Accept-Language": "fr"})
    assert answer["Content-Language"] == language


@pytest.fixture
def settings_with():
    """Put a middleware before ours."""

    def put(name):
        ours = "qqminigame.integrations.django.QQMiniGameErrorMiddleware"
        return override_settings(MIDDLEWARE=[name, ours])

    return put


def test_error_response__in_a_view(get):
    """A view that catches the error itself gives the same answer."""
    with translation.override("zh-hans"):
        answer = get("/catch")
    assert answer.status_code == 502
    assert answer["Retry-After"] == "3"
