"""The doctor: every finding, good, doubtful and bad."""

import os
import socket
import threading
import time
from contextlib import contextmanager
from email.utils import formatdate
from types import SimpleNamespace

import pytest
from machine import require_root
from ports import Port
from test_cli import NAMES

from qqminigame.cli.exits import Exit
from qqminigame.testing import assert_no_secrets


@pytest.fixture
def doctor(command):
    """Run the doctor; return its exit code and its findings by what they are about."""

    def doctor(*options, **env):
        done = command("doctor", "--json", *options, **env)
        assert done.err == ""
        assert all(list(each) == NAMES["doctor"] for each in done.objects)
        for each in done.objects:
            assert (each["grade"] == "good") <= (each["todo_english"] == "")
            assert bool(each["todo_english"]) == bool(each["todo_chinese"])
        return done.code, {each["check"]: each for each in done.objects}

    return doctor


def test_doctor__all_is_well(doctor, sandbox):
    """Every part is looked at, and nothing is bad."""
    code, found = doctor()
    assert code == 0
    assert not [each for each in found.values() if each["grade"] == "bad"]
    assert {
        *("versions", "configuration", "store", "sharing", "store disk", "orders"),
        *("proxy", "dns", "platform", "clock", "credential app_secret", "credential app_key"),
    } <= found.keys()


def test_doctor__for_people(command):
    """Each line has a grade, in the reader's language; advice stands under it."""
    lines = command("doctor", QQMINIGAME_STORE="memory:").out.splitlines()
    assert all(line.startswith(("good    ", "doubtful", "          → ")) for line in lines)
    lines = command("doctor", QQMINIGAME_LANG="zh", QQMINIGAME_STORE="memory:").out.splitlines()
    assert all(line.startswith(("正常", "存疑", "          → ")) for line in lines)


def test_doctor__changes_nothing_at_the_platform(command, doctor, sandbox, openid):
    """A good token is left alone; what is asked is the front page."""
    command("storage", "set", openid, "gold=1")
    token, before = command("token", "show").out, len(sandbox.log())
    code, found = doctor()
    assert code == 0
    assert "no other was fetched" in found["credential app_secret"]["english"]
    assert command("token", "show").out.splitlines()[:4] == token.splitlines()[:4]
    assert [entry["path"] for entry in sandbox.log()[before:]] in ([], ["/"])


def test_doctor__fetches_a_token_for_all(command, doctor, sandbox, openid):
    """Only where the shared store has none; the next call uses it."""
    _, found = doctor()
    assert "issued an access token" in found["credential app_secret"]["english"]
    command("storage", "set", openid, "gold=1")
    assert sandbox.state()["token_fetches"] == 1


def test_doctor__fetches_no_token_that_nobody_shares(doctor, sandbox):
    """With a store in memory it would invalidate the token of running programs."""
    code, found = doctor(QQMINIGAME_STORE="memory:")
    assert code == 0
    assert found["credential app_secret"]["grade"] == "doubtful"
    assert found["sharing"]["grade"] == "doubtful"
    assert sandbox.state()["token_fetches"] == 0


def test_doctor__offline(doctor, sandbox):
    """Nobody is asked."""
    code, found = doctor("--offline")
    assert code == 0
    assert found["credential app_secret"]["grade"] == "doubtful"
    assert not {"dns", "clock", "platform"} & found.keys()
    assert sandbox.log() == []


@pytest.mark.parametrize(
    ("env", "check", "grade"),
    [
        ({"QQMINIGAME_APP_SECRET": "wrong-secret"}, "credential app_secret", "bad"),
        ({"QQMINIGAME_APP_SECRET": ""}, "setting app_secret", "doubtful"),
        ({"QQMINIGAME_HALL_APP_ID": ""}, "setting hall_app_id", "bad"),
        ({"QQMINIGAME_APP_ID": ""}, "configuration", "bad"),
        ({"QQMINIGAME_PLATFORM": "nonsense"}, "configuration", "bad"),
        ({"QQMINIGAME_BASE_URL": "http://["}, "configuration", "bad"),
        ({"QQMINIGAME_STORE": "redsi://h"}, "configuration", "bad"),
        ({"QQMINIGAME_ORDERS": "memory"}, "orders", "bad"),
        ({"QQMINIGAME_BASE_URL": "http://gateway.invalid"}, "setting base_url", "doubtful"),
    ],
)
def test_settings__that_are_wrong(doctor, env, check, grade):
    """The finding names the setting."""
    code, found = doctor(*(["--offline"] if "BASE_URL" in str(env) else []), **env)
    assert found[check]["grade"] == grade
    assert code == (Exit.CONFIGURATION if grade == "bad" else 0)


def test_secrets__are_not_shown(command, sandbox):
    """Not even where they are wrong."""
    done = command("doctor", QQMINIGAME_STORE="redis://:redis-password@127.0.0.1:1/0")
    assert_no_secrets([done.out, done.err], [sandbox.app_secret, sandbox.app_key, "redis-password"])


def test_store__that_cannot_be_used(doctor):
    """It is bad; what stands behind it is looked at all the same."""
    code, found = doctor(QQMINIGAME_STORE="redis://127.0.0.1:1/0")
    assert code == Exit.TRY_LATER
    assert found["store"]["grade"] == "bad"
    assert found["clock"]["grade"] == "good"


def test_store__shared_by_machines(doctor, redis_server):
    """Redis."""
    code, found = doctor(QQMINIGAME_STORE=redis_server.url)
    assert code == 0
    assert "all machines" in found["sharing"]["english"]


@pytest.mark.parametrize(
    ("mode", "grade", "words"),
    [("660", "good", "group"), ("666", "doubtful", "every user"), ("600", None, "")],
)
def test_store__shared_by_users(doctor, tmp_path, mode, grade, words):
    """What its mode says; root alone is doubtful."""
    address = f"sqlite:///{tmp_path}/store.db?mode={mode}"
    _, found = doctor("--offline", QQMINIGAME_STORE=address)
    assert found["sharing"]["grade"] == (grade or ("doubtful" if os.geteuid() == 0 else "good"))
    assert words in found["sharing"]["english"]


def test_store__file_of_another_user(doctor, tmp_path):
    """As where web workers and cron are different users."""
    require_root()
    address = f"sqlite:///{tmp_path}/store.db"
    doctor("--offline", QQMINIGAME_STORE=address)
    os.chown(tmp_path / "store.db", 65534, -1)
    code, found = doctor("--offline", QQMINIGAME_STORE=address)
    assert code == Exit.CONFIGURATION
    assert "65534" in found["store"]["english"]


def test_store__of_users_that_have_no_name(doctor, tmp_path):
    """As in a container: they are shown by their numbers."""
    require_root()
    address = f"sqlite:///{tmp_path}/store.db?mode=660"
    doctor("--offline", QQMINIGAME_STORE=address)
    os.chown(tmp_path / "store.db", 54321, 12345)
    _, found = doctor("--offline", QQMINIGAME_STORE=address)
    assert "user 54321 and of group 12345" in found["sharing"]["english"]


@pytest.mark.parametrize(("free", "grade"), [(10**10, "good"), (5 * 10**7, "doubtful"), (1, "bad")])
def test_store__disk(doctor, monkeypatch, free, grade):
    """Little space is doubtful, almost none is bad."""
    monkeypatch.setattr(
        "qqminigame.cli.doctor.stores.shutil.disk_usage",
        lambda _: SimpleNamespace(free=free),
    )
    code, found = doctor("--offline")
    assert found["store disk"]["grade"] == grade
    assert code == (Exit.TRY_LATER if grade == "bad" else 0)


def test_store__network_drive(doctor, monkeypatch):
    """SQLite's locks are not reliable there."""
    monkeypatch.setattr("qqminigame.cli.doctor.stores._drive", lambda _: "nfs4")
    _, found = doctor("--offline")
    assert found["store drive"]["grade"] == "doubtful"
    assert "nfs4" in found["store drive"]["english"]


def test_orders__whose_outcome_is_unknown(command, doctor, sandbox):
    """They are to be settled."""
    openid, openkey = sandbox.hall_login("AB", level=1, pay_return_count=3)
    sandbox.script({"kind": "reset_after", "endpoint": "report_dawanka_pay"})
    command("dawanka", "report", openid, "77", QQMINIGAME_OPENKEY=openkey)
    code, found = doctor("--offline")
    assert code == 0
    assert found["orders"]["grade"] == "doubtful"
    assert "'77'" in found["orders"]["english"]


@contextmanager
def answering(answer):
    """Serve one answer to all, raw, made when it is asked for."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer().encode())

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("seconds", "grade"), [(0, "good"), (30, "doubtful"), (-30, "doubtful"), (400, "bad")]
)
def test_clock__compared_with_the_platform(doctor, seconds, grade):
    """As far apart as machines that share a token may be is doubtful, further is bad."""

    def answer():
        date = formatdate(time.time() + seconds, usegmt=True)
        return f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n"

    with answering(answer) as url:
        code, found = doctor(
            QQMINIGAME_BASE_URL=url, QQMINIGAME_APP_SECRET="", QQMINIGAME_APP_KEY=""
        )
    assert found["clock"]["grade"] == grade
    assert code == (Exit.CONFIGURATION if grade == "bad" else 0)


def test_clock__of_a_server_without_one(doctor):
    """It is doubtful."""
    with answering(lambda: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as url:
        _, found = doctor(QQMINIGAME_BASE_URL=url, QQMINIGAME_APP_SECRET="", QQMINIGAME_APP_KEY="")
    assert found["clock"]["grade"] == "doubtful"


def test_network__nobody_answers(doctor):
    """The platform is bad; the exit code says that it may pass."""
    port = Port()
    url = f"http://127.0.0.1:{port.number}"
    code, found = doctor(QQMINIGAME_BASE_URL=url)
    assert code == Exit.TRY_LATER
    assert found["dns"]["grade"] == "good"
    assert found["platform"]["grade"] == "bad"


def test_network__no_such_name(doctor):
    """Names are looked at first."""
    code, found = doctor(QQMINIGAME_BASE_URL="http://platform.invalid", QQMINIGAME_APP_KEY="")
    assert code == Exit.TRY_LATER
    assert found["dns"]["grade"] == "bad"


def test_proxy__is_named_without_its_password(doctor, sandbox):
    """A dead proxy is named where it is dead; names and TLS are its business then."""
    port = Port()
    env = {
        "QQMINIGAME_BASE_URL": "http://platform.invalid",
        "http_proxy": f"http://user:proxy-password@127.0.0.1:{port.number}",
    }
    code, found = doctor(**env)
    assert code == Exit.TRY_LATER
    assert found["proxy"]["grade"] == "bad"
    assert f"http://127.0.0.1:{port.number}" in found["proxy"]["english"]
    assert "dns" not in found
    assert_no_secrets(found, ["proxy-password"])


def test_tls__is_good(doctor, signed_sandbox, authority):
    """The bundle of the environment counts, and the certificate's days are counted."""
    env = {"QQMINIGAME_BASE_URL": signed_sandbox.url, "REQUESTS_CA_BUNDLE": str(authority.bundle)}
    code, found = doctor(**env)
    assert code == 0
    assert found["tls"]["grade"] == ("good" if "more days" in found["tls"]["english"] else "")
    assert "TLSv1." in found["tls"]["english"]


def test_tls__is_not_trusted(doctor, signed_sandbox):
    """The reason is named, and the variable that helps."""
    code, found = doctor(QQMINIGAME_BASE_URL=signed_sandbox.url)
    assert code == Exit.TRY_LATER
    assert found["tls"]["grade"] == "bad"
    assert "certificate" in found["tls"]["english"]
    assert "REQUESTS_CA_BUNDLE" in found["tls"]["todo_english"]


def test_tls__ends_soon(doctor, tls_sandbox, certificate):
    """A certificate for one day is doubtful."""
    env = {"QQMINIGAME_BASE_URL": tls_sandbox.url, "REQUESTS_CA_BUNDLE": str(certificate)}
    _, found = doctor(**env)
    assert found["tls"]["grade"] == "doubtful"


def test_check__that_fails_itself(doctor, monkeypatch):
    """It is a finding, and the other checks go on."""

    def fail(*_):
        raise RuntimeError("secret-text")

    monkeypatch.setattr("qqminigame.cli.doctor.stores._probe", fail)
    code, found = doctor("--offline")
    assert code == Exit.BUG
    assert found["store"]["grade"] == "bad"
    assert "RuntimeError" in found["store"]["english"]
    assert "orders" in found
