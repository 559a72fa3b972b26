"""``/_sandbox/mini.js`` in a real browser: the players' storage as a game's page sees it."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium
from ports import Port
from sandbox_driver import Driver, Login, kv
from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

import qqminigame
from qqminigame.sandbox import Sandbox

SAMPLE = Path(__file__).with_name("sample_set_user_cloud_storage.js").read_text("utf-8")
DOUYIN = "/mgplatform/api/apps/"

# Makes a call and tells what happened, in order; waits a little for a callback too many.
CALL = """
const [family, name, options, done] = arguments;
const events = [];
const note = (event) => (result) => events.push([event, result]);
window[family][name]({
  ...options,
  success: note("success"),
  fail: note("fail"),
  complete: (result) => { note("complete")(result); setTimeout(() => done(events), 5); },
});
events.push(["returned"]);
"""

READY = "return location.pathname === arguments[0] && document.readyState === 'complete';"

Json = dict[str, Any]
Load = Callable[..., "Page"]


class Page:
    """A page in the browser."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def call(self, name: str, family: str = "tt", **options: Any) -> Json:
        """Make a call, check the manner of its callbacks, and return what they were given."""
        events = self.browser.execute_async_script(CALL, family, name, options)
        _, (outcome, result), _ = events
        good = result["errMsg"] == f"{name}:ok"
        assert good or result["errMsg"].startswith(f"{name}:fail ")
        assert outcome == ("success" if good else "fail")
        assert events == [["returned"], [outcome, result], ["complete", result]]
        return dict(result)

    def failure(self, name: str, family: str = "tt", **options: Any) -> tuple[int, str]:
        """Make a call that fails; return its code and type."""
        result = self.call(name, family, **options)
        assert set(result) == {"errMsg", "errorCode", "errorType"}
        return result["errorCode"], result["errorType"]

    def log_in(self, family: str = "tt") -> str:
        """Begin the page's session; return the login code."""
        return str(self.call("login", family)["code"])

    def store(self, *pairs: tuple[str, Any]) -> Json:
        """Call tt.setUserCloudStorage."""
        return self.call("setUserCloudStorage", KVDataList=kv(*pairs)["kv_list"])

    def read(self, *keys: str) -> Any:
        """Call tt.getUserCloudStorage."""
        return self.call("getUserCloudStorage", keyList=keys)["KVDataList"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start a browser that knows nobody."""
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, str]]:
    """Serve pages on an origin of their own, by a table of their paths."""
    table: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in table else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(table.get(self.path, "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    table["origin"] = f"http://127.0.0.1:{server.server_port}"
    yield table
    server.shutdown()
    server.server_close()


@pytest.fixture
def load(browser: Chrome, pages: dict[str, str]) -> Load:
    """Open a page that loads a sandbox's script, and perhaps runs one of its own."""

    def load(sandbox: Sandbox, query: str = "?openid=AB", own: str = "") -> Page:
        source = f"{sandbox.url}/_sandbox/mini.js{query}"
        note = "window.said = []; console.log = (...words) => said.push(words.join(' '));"
        path = f"/{len(pages)}"
        pages[path] = (
            f"<!doctype html><script>{note}</script>"
            f'<script src="{source}"></script><script>{own}</script>'
        )
        browser.get(pages["origin"] + path)
        # The driver may return while the page is still being read.
        WebDriverWait(browser, 20, poll_frequency=0.01).until(
            lambda browser: browser.execute_script(READY, path)
        )
        return Page(browser)

    return load


@pytest.fixture
def page(load: Load, sandbox: Sandbox) -> Page:
    """Open a page of the player AB, who logs in with it as a game of Douyin."""
    page = load(sandbox)
    page.log_in()
    return page


def storage(sandbox: Sandbox, openid: str = "AB") -> dict[str, str]:
    """Return what Douyin has stored for a player."""
    return dict(sandbox.state()["platforms"]["douyin"]["players"][openid]["storage"])


def test_sample__stored_and_overwritten_by_the_back_end(
    load: Load, sandbox: Sandbox, driver: Driver, browser: Chrome
) -> None:
    """Douyin's own sample stores its value; the back end overwrites it, and the page reads that."""
    page = load(sandbox, own=f"tt.login({{complete: () => {{ {SAMPLE} }}}});")
    finished = (
        "const done = arguments[0]; const look = () => said.includes('调用完成') ? done(said)"
    )
    said = browser.execute_async_script(f"{finished} : setTimeout(look, 10); look();")
    assert said == ["调用成功", "setUserCloudStorage:ok", "调用完成"]
    value = '{"ttgame":{"score":100,"update_time":1557813466},"progress":10}'
    assert storage(sandbox) == {"xxx": value}

    app = {"appid": sandbox.app_id, "secret": sandbox.app_secret}
    login = driver.get(f"{DOUYIN}jscode2session", app | {"code": page.log_in()})
    player = Login(openid=login["openid"], session_key=login["session_key"])
    token = driver.post_json(f"{DOUYIN}v2/token", driver.credentials())["data"]["access_token"]
    value = '{"ttgame":{"score":250,"update_time":1557813500},"progress":11}'
    path, body = f"{DOUYIN}set_user_storage", kv(("xxx", value))
    reply = driver.post(path, player, token, body, content_type="application/json")
    assert reply == {"error": 0}
    assert page.read("xxx") == [{"key": "xxx", "value": value}]


def test_back_end__made_with_the_client(page: Page, sandbox: Sandbox) -> None:
    """It prepares what the page stores, overwrites it by the server call, reads what failed."""
    page.call("setUserCloudStorage", KVDataList=qqminigame.kv_data_list({"xxx": "分"}))
    assert page.read("xxx") == [{"key": "xxx", "value": "分"}]
    with qqminigame.Session(
        sandbox.app_id,
        app_secret=sandbox.app_secret,
        platform="douyin",
        base_url=sandbox.url,
        store="memory:",
    ) as session:
        login = qqminigame.Login(session).code2session(page.log_in())
        storage = qqminigame.CloudStorage(session)
        storage.set_score(login, "xxx", 250, update_time=1557813500, progress=11)
    value = '{"ttgame":{"score":250,"update_time":1557813500},"progress":11}'
    assert page.read("xxx") == [{"key": "xxx", "value": value}]
    failed = page.call("setUserCloudStorage", KVDataList="not a list")
    error = qqminigame.ClientError.from_fail(failed)
    assert (error.code, error.error_type) == (999999, "D")


FAMILIES = {"tt": "douyin", "qq": "qq", "wx": "wechat"}


@pytest.mark.parametrize("family", FAMILIES)
def test_families(page: Page, sandbox: Sandbox, family: str) -> None:
    """Each of tt, qq and wx stores on its own platform, reads what there is, and removes."""
    page.log_in(family)
    pairs = kv(("a", "1"), ("名", "分🎮"), ("c", ""))["kv_list"]
    done = page.call("setUserCloudStorage", family, KVDataList=pairs)
    assert done == {"errMsg": "setUserCloudStorage:ok"}
    done = page.call("removeUserCloudStorage", family, keyList=["a", "nobody's"])
    assert done == {"errMsg": "removeUserCloudStorage:ok"}
    done = page.call("getUserCloudStorage", family, keyList=["c", "a", "名", "c"])
    assert done == {"errMsg": "getUserCloudStorage:ok", "KVDataList": [pairs[2], pairs[1]]}
    found = {
        name: platform["players"]["AB"]["storage"]
        for name, platform in sandbox.state()["platforms"].items()
        if "AB" in platform["players"]
    }
    assert found.pop(FAMILIES[family]) == {"名": "分🎮", "c": ""}
    assert not any(found.values())


@pytest.mark.parametrize(
    ("family", "fields"),
    [
        ("tt", {"errorCode": 999999, "errorType": "D"}),
        ("qq", {"errCode": 999999}),
        ("wx", {"errCode": 999999}),
    ],
)
def test_families__fail_in_their_own_fields(
    page: Page, family: str, fields: dict[str, object]
) -> None:
    """Douyin has errorCode and errorType, QQ and WeChat have errCode."""
    page.log_in(family)
    result = page.call("setUserCloudStorage", family, KVDataList="not a list")
    assert result.pop("errMsg").startswith("setUserCloudStorage:fail KVDataList")
    assert result == fields


WRONG_LISTS: list[object] = [
    None,
    "xxx",
    [{"key": "k", "value": 100}],
    [{"key": "k", "value": {"score": 1}}],
    [{"key": "k"}],
    [{"value": "v"}],
    [{"key": "名" * 43, "value": "v"}],
    [{"key": "k", "value": "v" * 1024}],
    [{"key": f"k{number}", "value": "v"} for number in range(129)],
]


def test_set__wrong_list(page: Page, sandbox: Sandbox) -> None:
    """A list of the wrong form or beyond a limit is the developer's fault; nothing is stored."""
    for items in WRONG_LISTS:
        result = page.call("setUserCloudStorage", KVDataList=items)
        assert result["errMsg"].startswith("setUserCloudStorage:fail KVDataList"), items
        assert (result["errorCode"], result["errorType"]) == (999999, "D"), items
    assert storage(sandbox) == {}


def test_set__list_that_json_cannot_write(page: Page, browser: Chrome) -> None:
    """A list that holds itself fails by callback, not by an exception."""
    script = "const list = []; list.push(list); const done = arguments[0];"
    result = browser.execute_async_script(
        f"{script} tt.setUserCloudStorage({{KVDataList: list, fail: done}});"
    )
    assert (result["errorCode"], result["errorType"]) == (999999, "D")


def test_keys__wrong_list(page: Page) -> None:
    """A keyList that is not a list of strings is the developer's fault."""
    for name in ("getUserCloudStorage", "removeUserCloudStorage"):
        for keys in (None, "k", [1]):
            assert page.failure(name, keyList=keys) == (999999, "D"), (name, keys)


@pytest.mark.parametrize(("family", "good"), [("tt", False), ("qq", True), ("wx", True)])
def test_set__ranking_rule_is_douyins(load: Load, family: str, good: bool) -> None:
    """Only tt looks into the value of a ranking key."""
    with Sandbox(ranking_keys=["k"]) as sandbox:
        page = load(sandbox)
        page.log_in(family)
        items = [{"key": "k", "value": '{"ttgame":1}'}]
        result = page.call("setUserCloudStorage", family, KVDataList=items)
    assert (result["errMsg"] == "setUserCloudStorage:ok") == good


def test_log__warns_of_another_platforms_wrapper(page: Page, sandbox: Sandbox) -> None:
    """What a page stores is looked at as well."""
    page.store(("k", '{"wxgame":{"score":1}}'))
    assert sandbox.log()[-1]["warnings"] == [
        "the value of 'k' has wxgame, but douyin ranks by ttgame"
    ]


FAULTS: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"kind": "reset_before"}, (999985, "U")),
    ({"kind": "cut_off"}, (999985, "U")),
    ({"kind": "status", "status": 500}, (999991, "F")),
    ({"kind": "html"}, (108001, "F")),
    ({"kind": "answer", "body": "null"}, (108001, "F")),
    ({"kind": "busy"}, (999993, "F")),
    ({"kind": "code", "code": 999987}, (999987, "D")),
]


def test_fault(page: Page, sandbox: Sandbox) -> None:
    """A scripted fault has the code and the type of the platform's table; the next call is good."""
    page.store(("k", "1"))
    for fault, expected in FAULTS:
        sandbox.script(fault | {"endpoint": "getUserCloudStorage"})
        assert page.failure("getUserCloudStorage", keyList=["k"]) == expected, fault
        assert page.read("k") == [{"key": "k", "value": "1"}]


def test_sandbox_gone(load: Load) -> None:
    """Without the sandbox the network is not available; when it is back, calls are good again."""
    port = Port()
    with Sandbox(port=port.number) as sandbox:
        page = load(sandbox)
    for name in ("setUserCloudStorage", "getUserCloudStorage", "removeUserCloudStorage", "login"):
        assert page.failure(name, KVDataList=[], keyList=[]) == (999985, "U")
    with Sandbox(port=port.number) as sandbox:
        page.log_in()
        page.store(("k", "1"))
        assert storage(sandbox) == {"k": "1"}


NO_SESSION = (999998, "D")


def test_session__begins_with_login(load: Load, sandbox: Sandbox) -> None:
    """A page that has not called login has no session id, nor has a game of another platform."""
    page = load(sandbox)
    page.log_in("qq")
    assert page.failure("getUserCloudStorage", keyList=["k"]) == NO_SESSION
    assert page.failure("setUserCloudStorage", KVDataList=[]) == NO_SESSION
    assert page.failure("removeUserCloudStorage", keyList=["k"]) == NO_SESSION
    page.log_in()
    page.store(("k", "1"))


def test_session__of_a_code_made_for_the_player(load: Load, sandbox: Sandbox) -> None:
    """A code made by a test stands for a login on the page."""
    sandbox.js_code("AB", platform="douyin")
    load(sandbox).store(("k", "1"))


def test_session_ended(page: Page, sandbox: Sandbox) -> None:
    """After an ended session the page gets no session id, until it logs in again."""
    page.store(("k", "1"))
    sandbox.end_session("AB")
    assert page.failure("getUserCloudStorage", keyList=["k"]) == NO_SESSION
    assert page.failure("setUserCloudStorage", KVDataList=[]) == NO_SESSION
    assert page.failure("removeUserCloudStorage", keyList=["k"]) == NO_SESSION
    page.log_in()
    assert page.read("k") == [{"key": "k", "value": "1"}]


def test_callbacks__one_that_throws(page: Page, browser: Chrome) -> None:
    """A success that throws calls no fail, and complete is called all the same."""
    events = browser.execute_async_script("""
        const done = arguments[0], events = [];
        tt.getUserCloudStorage({
          keyList: [],
          success: () => { events.push("success"); throw new Error("the page's own"); },
          fail: () => events.push("fail"),
          complete: () => { events.push("complete"); setTimeout(() => done(events), 50); },
        });""")
    assert events == ["success", "complete"]


def test_callbacks__none_given(page: Page, sandbox: Sandbox, browser: Chrome) -> None:
    """Without callbacks, and without options, a call does its work and throws nothing."""
    browser.execute_script(
        "tt.login(); tt.getUserCloudStorage();"
        "tt.setUserCloudStorage({KVDataList: [{key: 'k', value: '1'}]});"
    )
    assert page.call("login")["code"]
    WebDriverWait(browser, 20).until(lambda _: storage(sandbox) == {"k": "1"})


def test_set__list_changed_after_the_call(page: Page, browser: Chrome) -> None:
    """What is stored is the list as it was when the call was made."""
    browser.execute_async_script("""
        const pair = {key: "k", value: "before"};
        tt.setUserCloudStorage({KVDataList: [pair], complete: arguments[0]});
        pair.value = "after";""")
    assert page.read("k") == [{"key": "k", "value": "before"}]


def test_openid__of_its_own(load: Load, sandbox: Sandbox, driver: Driver) -> None:
    """Without an openid a page has a new player, the same for all its calls."""
    openids = []
    for value in ("1", "2"):
        page = load(sandbox, query="")
        code = page.log_in()
        page.store(("k", value))
        openids.append(driver.log_in_douyin(code=code)["openid"])
    assert [storage(sandbox, openid) for openid in openids] == [{"k": "1"}, {"k": "2"}]
    assert all(len(openid) == 32 for openid in openids)


def test_openid__any_text(load: Load, sandbox: Sandbox) -> None:
    """An openid in the address is decoded as any query is."""
    page = load(sandbox, query="?openid=a%20b%2B%E5%90%8D")
    page.log_in()
    page.store(("k", "1"))
    assert storage(sandbox, "a b+名") == {"k": "1"}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"openid":7}', b'{"openid":"\\ud800"}'])
def test_openid__missing(driver: Driver, body: bytes) -> None:
    """A call that comes without a player is refused."""
    assert driver.post_json("/_sandbox/tt/login", body)["errorCode"] == 999999


def test_origins__only_for_the_page_s_calls(sandbox: Sandbox, driver: Driver) -> None:
    """Other origins may read what the script asks for, faults too, and no other control call."""
    header = "Access-Control-Allow-Origin"
    sandbox.script({"kind": "status", "status": 503, "endpoint": "/_sandbox/qq/login"})
    for _ in range(2):
        assert driver.control("POST", "qq/login", {"openid": "AB"}).headers[header] == "*"
    for name in ("state", "log", "nothing"):
        assert header not in driver.control("GET", name).headers
    assert header not in driver.control("POST", "js_code").headers


def test_script__as_served(sandbox: Sandbox, driver: Driver) -> None:
    """The script is JavaScript in UTF-8 that no browser keeps."""
    reply = driver.control("GET", "mini.js?openid=AB")
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store"
    assert driver.control("POST", "mini.js").status_code == 405


def test_log__has_the_page_s_calls(page: Page, sandbox: Sandbox) -> None:
    """What a page asked is in the log beside the back end's requests."""
    page.store(("k", "1"))
    [_, entry] = sandbox.log()
    assert (entry["path"], entry["status"]) == ("/_sandbox/tt/setUserCloudStorage", 200)
    assert json.loads(entry["body"])["KVDataList"] == [{"key": "k", "value": "1"}]
