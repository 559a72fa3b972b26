"""TLS, as users configure it on requests: whom we trust, and how we show who we are."""

import ssl
import subprocess
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from authority import Authority
from machine import require
from sessions import Pauses, enter_hall, make_session
from urllib3.exceptions import InsecureRequestWarning

from qqminigame import CloudStorage, Dawanka, Login, OutcomeUnknownError, TransportError
from qqminigame.sandbox import Sandbox

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
LOCALHOST = "127.0.0.1"


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory):
    """An authority that has not signed the platform's certificate."""
    return Authority(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def choosy_sandbox(authority):
    """The platform behind TLS, for clients with a certificate only."""
    with Sandbox(ssl_context=authority.server_context(LOCALHOST, clients=authority)) as sandbox:
        yield sandbox


def log_in(sandbox, http=None):
    """Make one call."""
    with make_session(sandbox, http=http, sleep=Pauses()) as session:
        Login(session).code2session(sandbox.js_code())


def assert_not_trusted(sandbox, http=None):
    """Find the platform's certificate not trusted, not even for a payment: nothing was sent."""
    player = enter_hall(sandbox)
    with (
        make_session(sandbox, http=http, sleep=Pauses()) as session,
        pytest.raises(TransportError, match="TLS certificate") as caught,
    ):
        Dawanka(session).report_pay(player)
    assert type(caught.value) is TransportError
    assert (caught.value.sent, caught.value.attempts) == (False, 3)
    assert caught.value.__context__ is None
    assert sandbox.log() == []


def test_verify__a_bundle(signed_sandbox, own):
    """Who is in the bundle of verify is trusted."""
    log_in(signed_sandbox, own)


def test_verify__a_folder(signed_sandbox, own, authority, tmp_path):
    """Who is in the folder of verify is trusted; files are named there as OpenSSL wants it."""
    command = [require("openssl"), "x509", "-noout", "-hash", "-in", authority.bundle]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / f"{name}.0").write_text(Path(authority.bundle).read_text())
    own.verify = str(tmp_path)
    log_in(signed_sandbox, own)


@pytest.mark.parametrize("name", BUNDLES)
def test_verify__a_bundle_of_the_environment(signed_sandbox, authority, monkeypatch, name):
    """Who is in the bundle of the environment is trusted."""
    monkeypatch.setenv(name, authority.bundle)
    log_in(signed_sandbox)


def test_verify__which_bundle_of_the_environment(
    signed_sandbox, authority, other_authority, monkeypatch
):
    """REQUESTS_CA_BUNDLE wins over CURL_CA_BUNDLE."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.bundle)
    monkeypatch.setenv("CURL_CA_BUNDLE", other_authority.bundle)
    log_in(signed_sandbox)


@pytest.mark.parametrize("name", BUNDLES)
def test_verify__wins_over_the_environment(
    signed_sandbox, own, authority, other_authority, monkeypatch, name
):
    """A verify of the user's wins over the environment, to trust and not to trust."""
    monkeypatch.setenv(name, other_authority.bundle)
    log_in(signed_sandbox, own)
    monkeypatch.setenv(name, authority.bundle)
    own.verify = other_authority.bundle
    signed_sandbox.reset()
    assert_not_trusted(signed_sandbox, own)


@pytest.mark.parametrize("name", BUNDLES)
def test_verify__an_environment_not_trusted(signed_sandbox, authority, monkeypatch, name):
    """With trust_env off, the environment's bundle is not used."""
    monkeypatch.setenv(name, authority.bundle)
    with requests.Session() as own:
        own.trust_env = False
        assert_not_trusted(signed_sandbox, own)


def test_verify__the_environment_is_read_once_and_anew_after_close(
    signed_sandbox, authority, monkeypatch
):
    """A session trusts whom it trusted first, whatever the environment becomes, until closed."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.bundle)
    with make_session(signed_sandbox, sleep=Pauses()) as session:
        dawanka, player = Dawanka(session), enter_hall(signed_sandbox)
        dawanka.get_info(player)
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        dawanka.report_pay(player)  # on a connection of its own
        session.close()
        with pytest.raises(TransportError, match="not trusted"):
            dawanka.get_info(player)


def test_verify__off(signed_sandbox):
    """Without verify anybody is trusted, and urllib3 warns."""
    with requests.Session() as own:
        own.verify = False
        with pytest.warns(InsecureRequestWarning):
            log_in(signed_sandbox, own)


def test_verify__off_wins_over_the_environment(signed_sandbox, other_authority, monkeypatch):
    """A verify of False is not undone by a bundle of the environment."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other_authority.bundle)
    with requests.Session() as own:
        own.verify = False
        with pytest.warns(InsecureRequestWarning):
            log_in(signed_sandbox, own)


def test_verify__off_where_warnings_are_errors(signed_sandbox):
    """Who makes errors of warnings gets urllib3's, and nothing is sent."""
    with requests.Session() as own, warnings.catch_warnings():
        warnings.simplefilter("error")
        own.verify = False
        with pytest.raises(InsecureRequestWarning):
            log_in(signed_sandbox, own)
    assert signed_sandbox.log() == []


def test_server__nobody_has_signed_for(tls_sandbox, own):
    """A self-signed certificate is not trusted."""
    assert_not_trusted(tls_sandbox)
    assert_not_trusted(tls_sandbox, own)


def test_server__with_another_name(authority, own):
    """A certificate for another host is not trusted."""
    with Sandbox(ssl_context=authority.server_context("localhost", "127.0.0.2")) as sandbox:
        assert_not_trusted(sandbox, own)


@pytest.mark.parametrize(("begins", "ends"), [(-9, -1), (1, 9)], ids=["expired", "not yet valid"])
def test_server__at_another_time(authority, own, begins, ends):
    """A certificate is trusted only while it is valid."""
    today = datetime.now(UTC)
    context = authority.server_context(
        LOCALHOST,
        not_before=today + timedelta(days=begins),
        not_after=today + timedelta(days=ends),
    )
    with Sandbox(ssl_context=context) as sandbox:
        assert_not_trusted(sandbox, own)


def test_server__connections_are_kept(signed_sandbox, own):
    """Calls in a row share one connection; a payment has its own and goes out once."""
    with make_session(signed_sandbox, http=own) as session:
        login = Login(session).code2session(signed_sandbox.js_code())
        CloudStorage(session).set(login, {"a": "1"})
        player = enter_hall(signed_sandbox)
        assert Dawanka(session).report_pay(player).left == 2
        assert Dawanka(session).get_info(player).pay_return_count == 2
    *connections, pay, last = [entry["connection"] for entry in signed_sandbox.log()]
    assert len(connections) == 3
    assert {*connections, last} == {connections[0]}
    assert pay != last


def test_server__that_breaks_off_a_payment(signed_sandbox, own):
    """A payment whose answer is lost behind TLS is not reported again."""
    signed_sandbox.script({"kind": "reset_after", "times": -1})
    with (
        make_session(signed_sandbox, http=own, sleep=Pauses()) as session,
        pytest.raises(OutcomeUnknownError),
    ):
        Dawanka(session).report_pay(enter_hall(signed_sandbox))
    assert [entry["handled"] for entry in signed_sandbox.log()] == [True]


@pytest.mark.parametrize("form", ["one file", "pair"])
def test_client__with_a_certificate(choosy_sandbox, authority, own, form):
    """A client certificate is shown, be it one file or a pair of certificate and key."""
    both, certificate, key = authority.client_files("client")
    own.cert = both if form == "one file" else (certificate, key)
    with make_session(choosy_sandbox, http=own) as session:
        player = enter_hall(choosy_sandbox)
        Dawanka(session).get_info(player)
        assert Dawanka(session).report_pay(player).left == 2


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("signed_by", [None, "another"])
def test_client__without_a_certificate(authority, other_authority, own, version, signed_by):
    """Without a certificate of the right authority there is no answer; nobody says it was sent."""
    context = authority.server_context(LOCALHOST, clients=authority)
    context.maximum_version = version
    if signed_by:
        own.cert = other_authority.client_files("stranger")[0]
    with Sandbox(ssl_context=context) as sandbox:
        with pytest.raises(TransportError) as caught:
            log_in(sandbox, own)
        assert sandbox.log() == []
    assert type(caught.value) is TransportError
    assert caught.value.sent is not True


@pytest.mark.parametrize(
    ("certificate", "key"),
    [("/no/such/both.pem", None), ("/no/such/cert.pem", "own"), ("own", "/no/such/key.pem")],
    ids=["file", "certificate of a pair", "key of a pair"],
)
def test_client__a_file_that_is_not_there(choosy_sandbox, authority, own, certificate, key):
    """A client certificate that cannot be read is told, without its path; nothing was sent."""
    _, own_certificate, own_key = authority.client_files("somebody")
    certificate = own_certificate if certificate == "own" else certificate
    own.cert = (certificate, own_key if key == "own" else key) if key else certificate
    with pytest.raises(TransportError, match="client certificate") as caught:
        log_in(choosy_sandbox, own)
    assert caught.value.sent is False


@pytest.mark.parametrize("setting", ["cert", "verify"])
def test_file__that_holds_something_else(signed_sandbox, own, setting):
    """A file of the user's that holds no certificate fails the call before anything is sent."""
    setattr(own, setting, __file__)
    with pytest.raises(TransportError) as caught:
        log_in(signed_sandbox, own)
    assert signed_sandbox.log() == []
    assert caught.value.sent is False
