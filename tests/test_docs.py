"""The pages of docs/ hold: markup, links, and the snippets that no other test runs."""

import base64
import io
import re
import subprocess
import sys

import pytest
from documents import ROOT, Document, source_documents
from readme_renderer import markdown, rst
from test_user_data import FIELDS, RAW_DATA, encrypted, signature

from qqminigame import Login

PLUGIN = 'pytest_plugins = ["qqminigame.sandbox.pytest_plugin"]'
PAGES = ["client_data", "connections", "dawanka", "errors", "outcomes", "stores", "testing"]
# Pages whose snippets are run by another test.
OTHERS = {
    "bulk": "bulk/test_bulk.py",
    "by-hand": "test_by_hand.py",
    "celery": "test_celery_docs.py",
    "django": "test_django_docs.py",
    "django-store": "test_django_store.py",
    "flask": "test_flask_docs.py",
    "responses": "test_integrations_http.py",
    "views": "test_readme.py",
    "watching": "test_watching_docs.py",
}
# What pages that print something print, among other things.
SHOWN = {"client_data": "网络", "dawanka": "2\n", "testing": "set_user_storage"}
IV = bytes(16)


@pytest.fixture
def names(sandbox, session, monkeypatch, tmp_path):
    """What the snippets take as given, and an environment for ``Session.from_env``."""
    for name in ("app_id", "app_secret", "hall_app_id", "app_key"):
        monkeypatch.setenv(f"QQMINIGAME_{name.upper()}", getattr(sandbox, name))
    monkeypatch.setenv("QQMINIGAME_BASE_URL", sandbox.url)
    monkeypatch.chdir(tmp_path)
    login = Login(session).code2session(sandbox.js_code())
    openid, openkey = sandbox.hall_login(level=1, pay_return_count=3)
    fields = {**FIELDS, "openId": login.openid}
    return {
        "session": session,
        "openid": login.openid,
        "app_id": sandbox.app_id,
        "query": {"openid": openid, "openkey": openkey},
        "posted": {
            "rawData": RAW_DATA,
            "signature": signature(RAW_DATA.encode(), login.session_key),
            "encryptedData": encrypted(fields, key=base64.b64decode(login.session_key), iv=IV),
            "iv": base64.b64encode(IV).decode(),
        },
    }


@pytest.mark.parametrize("name", source_documents())
def test_page__is_sound(name):
    """The markup is right, and what a page links to is there."""
    page = Document(name)
    links = [link for link in page.links() if "://" not in link]
    assert [link for link in links if not (page.path.parent / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES)
def test_python__runs_from_top_to_bottom(page, names, capsys):
    """The Python snippets of a page are one program."""
    for text in Document(f"docs/{page}.rst").program():
        exec(compile(text, page, "exec"), names)
    assert SHOWN.get(page, "") in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES)
def test_tests__pass(page, tmp_path):
    """The snippets that show a test run in a folder of their own."""
    files = Document(f"docs/{page}.rst").files()
    assert files.keys() == ({"test_secrets.py"} if page == "testing" else set())
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / "conftest.py").write_text(PLUGIN)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_snippets__none_escapes():
    """Each page with Python on it is run, here or by a test of its own."""
    pages = [page.stem for page in ROOT.glob("docs/*.rst")]
    with_python = {
        page
        for page in pages
        if any(each.language == "python" for each in Document(f"docs/{page}.rst").snippets())
    }
    assert with_python == {*PAGES, *OTHERS}
    tests = {page: (ROOT / "tests" / name).read_text("utf-8") for page, name in OTHERS.items()}
    assert [page for page, test in tests.items() if f"{page}.rst" not in test] == []


def text_of(page):
    """Return what a reader of a rendered page sees besides its code."""
    return re.sub(r"<(code|pre|tt)\b.*?</\1>|<[^>]+>", "", page, flags=re.DOTALL)


def test_index__shows_readme_and_changelog():
    """Both make up one page on the package index: no complaints, and no markup left over."""
    texts = [(ROOT / name).read_text("utf-8") for name in ("README.rst", "CHANGELOG.md")]
    complaints = io.StringIO()
    page = rst.render("\n".join(texts), stream=complaints)
    assert complaints.getvalue() == ""
    assert "<cite>" not in page  # what single backticks become
    assert not re.search(r"[`*#]", text_of(page))
    for title in ("Ten lines", "Errors", "Changelog", "Unreleased"):
        assert re.search(rf"<h[1-3]>{title}<", page)


def test_changelog__is_markdown_too():
    """Read as what its name says, it has the same headings, lists and literals."""
    page = markdown.render((ROOT / "CHANGELOG.md").read_text("utf-8"))
    assert re.findall(r"<h(\d)[^>]*>(\w+)<", page) == [("1", "Changelog"), ("2", "Unreleased")]
    assert page.count("<li>") > 20
    assert not re.search(r"[`*#]", text_of(page))
