"""InteractiveData, against the sandbox."""

import pytest
from sessions import make_session

from qqminigame import (
    AccessTokenError,
    ConfigurationError,
    InteractiveData,
    InvalidArgumentError,
    PlatformError,
    SignatureError,
)


def test_set__marks_are_there(session, sandbox, login):
    """0 and 1 are stored under "1" to "50"."""
    data = InteractiveData(session)
    assert data.set(login, {"1": 1, "50": 0}) is None
    data.set(login.openid, [("1", 0)])
    assert sandbox.state()["players"][login.openid]["interactive"] == {"1": 0, "50": 0}


@pytest.mark.parametrize(
    "kv",
    [
        {"0": 1},
        {"51": 1},
        {"01": 1},
        {1: 1},
        {"": 1},
        {"score": 1},
        {"1": 2},
        {"1": -1},
        {"1": True},
        {"1": "1"},
        {"1": 1.0},
        {"1": None},
        [("1", 1), ("1", 0)],
        {},
        "1",
    ],
    ids=str,
)
def test_set__what_breaks_a_rule_is_not_sent(session, sandbox, login, kv):
    """Nothing is sent for marks that cannot be."""
    sent = len(sandbox.log())
    with pytest.raises(InvalidArgumentError) as caught:
        InteractiveData(session).set(login, kv)
    assert caught.value.problems[0].where.startswith("kv")
    assert len(sandbox.log()) == sent


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (-2, PlatformError),
        (-3, PlatformError),
        (-4, PlatformError),
        (-100050007, SignatureError),
        (-100050019, AccessTokenError),
    ],
)
def test_set__each_code_of_the_platform(session, sandbox, login, code, error):
    """Each documented code is its error, and explains itself."""
    sandbox.script({"kind": "code", "code": code, "endpoint": "setuserinteractivedata", "times": 2})
    with pytest.raises(PlatformError) as caught:
        InteractiveData(session).set(login, {"1": 1})
    assert type(caught.value) is error
    assert caught.value.code == code
    assert caught.value.english
    assert caught.value.chinese


def test_interactive_data__without_app_secret(sandbox):
    """A session that cannot fetch tokens says so at once."""
    with pytest.raises(ConfigurationError, match="InteractiveData needs app_secret"):
        InteractiveData(make_session(sandbox, app_secret=None))
