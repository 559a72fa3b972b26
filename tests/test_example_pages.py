"""The examples' pages in a real browser: a round is played, and failures are told to the player."""

import sys
from urllib.parse import urlencode

import pytest
from attrs import frozen
from chromium import chromium
from documents import Document
from example_servers import ExampleServer, gunicorn
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from waiting import wait_until

from qqminigame.sandbox import Sandbox

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a Unix"),
    pytest.mark.slow,
    pytest.mark.uncovered,
]

LANGUAGES = ("en", "zh")
NOT_NOW = ("This is not available right now.", "暂时无法完成该操作")
LATER = ("The service is busy. Please try again later.", "网络繁忙，请稍后再试")
LOG_IN = ("Please log in again.", "登录已失效，请重新登录")
REOPEN = ("Please reopen the game from the QQ game hall.", "登录已失效，请从 QQ 游戏大厅重新进入")
UNKNOWN = (
    "We are confirming the result. Please do not submit it again.",
    "结果确认中，请勿重复操作",
)


@frozen
class Row:
    """A failure of the table in ``docs/responses.rst``.

    Attributes:
        status: What the server answers the page.
        act: What the player does: open the page, click "wish", or open the hall or buy there.
        told: What the page says, in English and Chinese.
        fault: What the sandbox does; None where the player's act is the fault.
        again: Whether the page offers to try again.
    """

    status: int
    act: str
    told: tuple[str, str]
    fault: dict | None = None
    again: bool = False


def code(number, endpoint="*"):
    """Return the fault of a code of the platform."""
    return {"kind": "code", "code": number, "endpoint": endpoint, "times": -1}


ROWS = [
    Row(400, "hall without a query", NOT_NOW),
    Row(401, "open", LOG_IN, code(40029, "jscode2session")),
    Row(401, "hall with another openkey", REOPEN),
    Row(409, "buy", UNKNOWN, {"kind": "reset_after", "endpoint": "report_dawanka_pay"}),
    Row(422, "wish", NOT_NOW, code(87017, "setuserinteractivedata")),
    Row(429, "open", LATER, code(45011, "jscode2session"), again=True),
    Row(500, "open", NOT_NOW, code(-101222100, "jscode2session")),
    Row(502, "wish", NOT_NOW, code(12345, "setuserinteractivedata")),
    Row(502, "wish", LATER, {"kind": "status", "status": 500, "times": -1}, again=True),
    Row(503, "wish", LATER, {"kind": "busy", "times": -1}, again=True),
]
BLOCKED = Row(403, "open", NOT_NOW, code(40226, "jscode2session"))


class Player:
    """Somebody in front of the browser."""

    def __init__(self, browser, server, sandbox, openid):
        self.browser = browser
        self.server = server
        self.sandbox = sandbox
        self.openid = openid

    def open(self, language="en"):
        """Open the game."""
        self._get("/", player=self.openid, lang=language)

    def enter_hall(self, language="en", **changed):
        """Come in through the hall, with three bonus uses."""
        entry = self.sandbox.hall_login(self.openid, level=1, discount=20, pay_return_count=3)
        query = {"openid": entry.openid, "openkey": entry.openkey, **changed}
        self._get("/hall", **{name: value for name, value in query.items() if value}, lang=language)

    def act(self, row, language):
        """Do what a row says."""
        if row.act == "hall without a query":
            self.enter_hall(language, openid=None, openkey=None)
        elif row.act == "hall with another openkey":
            self.enter_hall(language, openkey="0" * 32)
        elif row.act == "buy":
            self.enter_hall(language)
            self.fail(row.fault)
            self.click("buy")
        elif row.act == "wish":
            self.open(language)
            wait_until(self.element("wish").is_enabled)
            self.fail(row.fault)
            self.click("wish")
        else:
            self.fail(row.fault)
            self.open(language)

    def fail(self, fault):
        """Have the platform fail."""
        if fault is not None:
            self.sandbox.script(fault)

    def element(self, name):
        """Return an element of the page."""
        return self.browser.find_element(By.ID, name)

    def click(self, name):
        """Click a button as soon as it can be clicked."""
        wait_until(self.element(name).is_enabled)
        self.element(name).click()

    def sees(self, name, text):
        """Wait until an element shows a text."""
        wait_until(lambda: self.element(name).text == text)

    def catch_a_star(self):
        """Click a star; it may be gone by then."""
        for star in self.browser.find_elements(By.CLASS_NAME, "star"):
            try:
                star.click()
            except (
                StaleElementReferenceException,
                ElementNotInteractableException,
                ElementClickInterceptedException,  # by another star
            ):
                continue
            return

    def plays(self):
        """Play a round; return whether a star was caught: a busy browser may miss them all."""
        self.click("play")

        def is_over():
            self.catch_a_star()
            return self.element("stars").text != "0" or self.element("play").is_enabled()

        wait_until(is_over)
        return self.element("stars").text != "0"

    def _get(self, path, **query):
        self.browser.get(f"{self.server.url}{path}?{urlencode(query)}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser."""
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="module")
def platform():
    """The platform for all servers of this module."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module", params=["django_game", "flask_game"])
def server(request, platform, tmp_path_factory):
    """Each example."""
    command = gunicorn(request.param, "gthread")
    folder = tmp_path_factory.mktemp(request.param)
    with ExampleServer(request.param, command, platform, folder) as server:
        yield server


@pytest.fixture
def player(browser, server, platform):
    """A player of each example."""
    platform.reset()
    return Player(browser, server, platform, "AB")


def test_round__is_played_stored_and_shown(player):
    """The player logs in, catches stars, and sees the score that the platform has."""
    player.open()
    wait_until(player.plays)
    player.sees("message", "Your best score is in the ranking.")
    stars = player.element("stars").text
    assert int(stars) > 0
    assert player.element("best").text == player.element("on-platform").text == stars
    stored = player.sandbox.state()["players"]["AB"]["storage"]["rank"]
    assert f'"score":{stars},' in stored


def test_wish__is_shown_to_friends(player):
    """And taken back, in the other language."""
    player.open()
    player.click("wish")
    player.sees("message", "Your friends can see that you would like a gift.")
    assert player.sandbox.state()["players"]["AB"]["interactive"] == {"1": 1}
    player.click("language")
    player.click("wish")
    player.sees("message", "好友不再看到你的心愿。")
    assert player.sandbox.state()["players"]["AB"]["interactive"] == {"1": 0}


def test_login__that_has_ended(player):
    """The page logs in again by itself, and repeats the call."""
    player.open()
    wait_until(player.element("wish").is_enabled)
    player.sandbox.end_session("AB")
    player.click("wish")
    player.sees("message", "Your friends can see that you would like a gift.")


def test_hall__sells_with_the_bonus(player):
    """The player sees level, bonus and uses left, and has the gems once."""
    player.enter_hall("zh")
    player.sees("level", "大玩咖")
    player.click("buy")
    player.sees("message", "宝石已到账。")
    assert player.element("gems").text == "72"
    assert player.element("uses-left").text == "2"


@pytest.mark.parametrize("language", LANGUAGES)
def test_failure__is_told_to_the_player(player, language):
    """Each has its text in the language of the page, and a button to repeat only what is safe."""
    for row in ROWS:
        player.sandbox.reset()
        player.act(row, language)
        player.sees("message", row.told[LANGUAGES.index(language)])
        assert player.element("again").is_displayed() is row.again, row


def test_again__repeats_what_failed(player):
    """As soon as the platform is there again."""
    player.sandbox.script({"kind": "busy", "times": 3, "endpoint": "jscode2session"})
    player.open()
    player.sees("message", LATER[0])
    player.click("again")
    wait_until(player.element("wish").is_enabled)
    player.sees("message", "")


def test_failure__of_a_player_whom_wechat_has_blocked(browser, platform, tmp_path):
    """The only platform that blocks players is WeChat, whose page is the same."""
    platform.reset()
    command = gunicorn("flask_game", "gthread")
    wechat = {"QQMINIGAME_PLATFORM": "wechat"}
    with ExampleServer("flask_game", command, platform, tmp_path, **wechat) as server:
        player = Player(browser, server, platform, "AB")
        for language, told in zip(LANGUAGES, BLOCKED.told, strict=True):
            player.act(BLOCKED, language)
            player.sees("message", told)
        platform.reset()
        player.open()
        player.click("play")
        player.sees("message", "Your best score is in the ranking.")
        assert '"wxgame"' in platform.state()["players"]["AB"]["storage"]["rank"]
    player.click("wish")
    player.sees("message", "There is no connection to the game's server.")


def test_rows__are_those_of_the_table():
    """No status that a page can meet is left out."""
    table = Document("docs/responses.rst").table("status")
    assert {int(status) for status, *_ in table} == {row.status for row in (*ROWS, BLOCKED)}
