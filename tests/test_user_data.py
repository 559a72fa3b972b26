"""What a client posts of its player, signed and encrypted by the openssl command line."""

import base64
import json
import subprocess
import sys

import attrs
import pytest
from hypothesis import example, given, strategies as st
from machine import require

from qqminigame import InvalidArgumentError, LoginState, SignatureError
from qqminigame.client_data import UserData, decrypt_user_data, verify_raw_data
from qqminigame.testing import assert_no_secrets

APP_ID = "1110766236"
KEY = bytes.fromhex("a34ab4a2d2fc684ce97197ff153f56b1")
IV = bytes.fromhex("00112233445566778899aabbccddeeff")
LOGIN = LoginState(openid="F8BE4D4B0C1A", session_key=base64.b64encode(KEY).decode())
RAW_DATA = '{"nickName":"小明 🎮","gender":1,"city":"","avatarUrl":"https://host/a?b=1&c"}'
FIELDS = {
    "openId": LOGIN.openid,
    "nickName": "小明 🎮 the player",
    "gender": 1,
    "city": "Shenzhen",
    "province": "Guangdong",
    "country": "",
    "avatarUrl": "https://host/avatar",
    "unionId": "UNION-0123456789",
    "language": "zh_CN",
    "watermark": {"appid": APP_ID, "timestamp": 1767225600},
}
SECRETS = [LOGIN.session_key, KEY.decode("latin-1"), "小明 🎮 the player", "UNION-0123456789"]
UNREADABLE = "do not match the player's current session_key"


def openssl(*arguments, given):
    """Return what openssl makes of some bytes."""
    command = [require("openssl"), *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def signature(raw_data, session_key=LOGIN.session_key):
    """Sign as the platform does."""
    signed = raw_data + session_key.encode()
    return openssl("dgst", "-sha1", "-r", given=signed).decode().partition(" ")[0]


def encrypted(plain, *options, key=KEY, iv=IV):
    """Encrypt as the platform does."""
    plain = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
    how = ("enc", "-aes-128-cbc", "-K", key.hex(), "-iv", iv.hex(), *options)
    return text(openssl(*how, given=plain))


def text(data):
    """Return bytes in base64."""
    return base64.b64encode(data).decode()


def flipped(data):
    """Yield the bytes with each of their bits changed in turn."""
    for number in range(8 * len(data)):
        changed = bytearray(data)
        changed[number // 8] ^= 1 << number % 8
        yield bytes(changed)


def refused(call, *arguments):
    """Return the error of a call, which shows nothing and hangs on nothing."""
    with pytest.raises(SignatureError) as caught:
        call(*arguments)
    error = caught.value
    assert_no_secrets(error, SECRETS)
    assert error.__cause__ is error.__context__ is None
    assert error.sent is False
    assert error.english.isascii()
    assert not error.chinese.isascii()
    return error


@pytest.fixture(scope="module")
def posted():
    """What the client posts: the encrypted fields."""
    return encrypted(FIELDS)


@pytest.mark.parametrize(
    "raw_data",
    [RAW_DATA, RAW_DATA.encode(), '{"nickName": "\\u5c0f"}\n', b"\xff\x00 no text", "plain"],
)
def test_verify__agrees_with_openssl(raw_data):
    """What openssl signs is accepted, text or bytes, exactly as it is."""
    data = raw_data.encode() if isinstance(raw_data, str) else raw_data
    assert verify_raw_data(raw_data, signature(data), LOGIN) is None


def test_verify__the_platforms_rule_by_hand():
    """The signature is the SHA-1 of rawData and the session_key's text, one after the other."""
    login = LoginState(openid="1", session_key="c")
    # The test vector of FIPS 180: SHA-1 of "abc".
    verify_raw_data("ab", "a9993e364706816aba3e25717850c26c9cd0d89d", login)


@pytest.mark.parametrize(
    "other",
    [
        str.upper,
        lambda right: right[:-1],
        lambda right: right + "0",
        lambda right: f" {right}",
        lambda right: right[::-1],
        lambda right: "0" * 40,
        lambda right: "é" * 40,
        lambda right: text(bytes.fromhex(right)),
    ],
)
def test_verify__another_signature(other):
    """Anything but the platform's own 40 small hex digits is refused; capitals are too."""
    right = signature(RAW_DATA.encode())
    error = refused(verify_raw_data, RAW_DATA, other(right), LOGIN)
    assert_no_secrets(error, [right])


@pytest.mark.parametrize("other", [f"{RAW_DATA}\n", RAW_DATA.replace(":1", ": 1"), "{}", b"", b"x"])
def test_verify__another_text(other):
    """The data with as much as a space more is refused."""
    error = refused(verify_raw_data, other, signature(RAW_DATA.encode()), LOGIN)
    assert "log in again" in error.english


def test_verify__another_session_key():
    """What was signed with the session_key of an earlier login is refused."""
    later = attrs.evolve(LOGIN, session_key=text(bytes(16)))
    refused(verify_raw_data, RAW_DATA, signature(RAW_DATA.encode()), later)


@given(st.text(min_size=1), st.text(min_size=1))
@example("a", "\x00")
def test_verify__a_signature_of_any_text(raw_data, guessed):
    """Nothing but an error of ours comes out, whatever is posted."""
    with pytest.raises((SignatureError, InvalidArgumentError)):
        verify_raw_data(raw_data, guessed, LOGIN)


@pytest.mark.parametrize(
    ("call", "arguments", "where"),
    [
        (verify_raw_data, (None, None, None), ["raw_data", "signature", "login"]),
        (verify_raw_data, ({"a": 1}, b"a", LOGIN), ["raw_data", "signature"]),
        (verify_raw_data, ("", "", LOGIN), ["raw_data", "signature"]),
        (verify_raw_data, ("\ud800", "a\ud800", LOGIN), ["raw_data", "signature"]),
        (verify_raw_data, ("a", "b", LOGIN.openid), ["login"]),
        (decrypt_user_data, (1, None, 2, b""), ["encrypted_data", "iv", "login", "app_id"]),
        (decrypt_user_data, ("", "", "", ""), ["encrypted_data", "iv", "login", "app_id"]),
        (
            decrypt_user_data,
            ("a", "b", LoginState(openid="", session_key=""), "c"),
            ["login.openid", "login.session_key"],
        ),
    ],
)
def test_arguments__of_a_wrong_type(call, arguments, where):
    """All that is wrong with the arguments is in one error."""
    with pytest.raises(InvalidArgumentError) as caught:
        call(*arguments)
    assert [problem.where for problem in caught.value.problems] == where
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("raw_data", "login", "hint"),
    [
        ({"a": 1}, LOGIN, "raw_data must be the str or bytes exactly as received, not dict"),
        ("{}", "an openid", r"login must be a LoginState, not str; use session\.login_state"),
    ],
)
def test_arguments__the_usual_mistakes(raw_data, login, hint):
    """Parsed data, and an openid for a login, are told what to write instead."""
    with pytest.raises(InvalidArgumentError, match=hint):
        verify_raw_data(raw_data, "signature", login)


def test_decrypt__all_fields(posted):
    """What openssl has encrypted comes out field by field."""
    assert decrypt_user_data(posted, text(IV), LOGIN, APP_ID) == UserData(
        openid=LOGIN.openid,
        timestamp=1767225600,
        nick_name="小明 🎮 the player",
        gender=1,
        city="Shenzhen",
        province="Guangdong",
        country="",
        avatar_url="https://host/avatar",
        unionid="UNION-0123456789",
    )


def test_decrypt__the_least():
    """What the player keeps back, or the platform gives as null, is None."""
    fields = {name: FIELDS[name] for name in ("openId", "watermark")}
    least = UserData(openid=LOGIN.openid, timestamp=1767225600)
    nothing = dict.fromkeys(FIELDS.keys() - fields.keys())
    for given_fields in (fields, {**fields, **nothing}):
        assert decrypt_user_data(encrypted(given_fields), text(IV), LOGIN, APP_ID) == least


@pytest.mark.parametrize("length", range(17))
def test_decrypt__padding_of_any_length(length):
    """One to sixteen bytes of padding come off, and nothing of the data with them."""
    name = "x" * length
    user = decrypt_user_data(encrypted({**FIELDS, "nickName": name}), text(IV), LOGIN, APP_ID)
    assert user.nick_name == name


def test_decrypt__with_a_login_of_the_sandbox(session, sandbox, login):
    """The session_key that code2session answers decrypts, also where the store remembers it."""
    key = base64.b64decode(login.session_key)
    data = encrypted({**FIELDS, "openId": login.openid}, key=key)
    remembered = session.login_state(login.openid)
    assert decrypt_user_data(data, text(IV), remembered, APP_ID).openid == login.openid


def test_user_data__is_frozen(posted):
    """Nobody changes it on the way."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        decrypt_user_data(posted, text(IV), LOGIN, APP_ID).openid = "another"


@pytest.mark.parametrize(
    "data",
    [
        "no base64!",
        "AAAA AAA",
        "é" * 24,
        text(b""),
        text(bytes(15)),
        text(bytes(17)),
        f"{text(bytes(16))}\n",
        text(b"\xfb" * 16).replace("+", " "),
        text(b"\xfb" * 16).replace("+", "-"),
        text(bytes(16)).rstrip("="),
    ],
)
def test_decrypt__not_the_platforms_base64(posted, data):
    """Data and an iv in another form are refused, and the error says what to look for."""
    for error in (
        refused(decrypt_user_data, data or "=", text(IV), LOGIN, APP_ID),
        refused(decrypt_user_data, posted, data or "=", LOGIN, APP_ID),
    ):
        assert "a '+' became a space" in str(error)


def test_decrypt__an_iv_of_two_blocks(posted):
    """An iv has one block; more of it is not cut off."""
    refused(decrypt_user_data, posted, text(IV + IV), LOGIN, APP_ID)


@pytest.mark.parametrize(
    "session_key", ["no base64!", text(KEY[:15]), text(KEY + b"x"), text(KEY * 2), KEY.hex()]
)
def test_decrypt__a_session_key_of_another_kind(posted, session_key):
    """A session_key that is no AES-128 key is refused, longer AES keys too."""
    login = attrs.evolve(LOGIN, session_key=session_key)
    error = refused(decrypt_user_data, posted, text(IV), login, APP_ID)
    assert "session_key is not 16 bytes in Base64" in str(error)
    assert_no_secrets(error, [session_key])


UNPADDED = json.dumps(FIELDS).encode()
FILLED = 16 - len(UNPADDED) % 16
WRONG_INSIDE = {
    "padding that is not all the same": (
        UNPADDED + b" " * (FILLED - 1) + bytes([FILLED]),
        "-nopad",
    ),
    "no padding": (bytes(16), "-nopad"),
    "padding of 17": (b"\x11" * 32, "-nopad"),
    "only padding": (b"\x10" * 16, "-nopad"),
    "not UTF-8": (b'{"openId":"\xff"}',),
    "UTF-16": (json.dumps(FIELDS).encode("utf-16"),),
    "not JSON": (b"openid=1",),
    "cut off": (UNPADDED[:-1],),
    "too deep": (b"[" * 100_000,),
    "a number too long": (b"9" * 5_000,),
    "a list": ([FIELDS],),
    "null": (None,),
    "a text": ("watermark",),
    "a field twice": (UNPADDED[:-1] + b', "gender": 2}',),
    "a field of the watermark twice": (
        json.dumps(FIELDS).replace('"appid"', '"appid": "x", "appid"').encode(),
    ),
    "no watermark": ({**FIELDS, "watermark": None},),
    "a watermark that is a list": ({**FIELDS, "watermark": [APP_ID]},),
    "a watermark without an appid": ({**FIELDS, "watermark": {"timestamp": 1}},),
    "a watermark without a timestamp": ({**FIELDS, "watermark": {"appid": APP_ID}},),
    "an appid that is a number": ({**FIELDS, "watermark": {"appid": int(APP_ID), "timestamp": 1}},),
    "a timestamp that is a text": ({**FIELDS, "watermark": {"appid": APP_ID, "timestamp": "1"}},),
    "a timestamp that is a truth": ({**FIELDS, "watermark": {"appid": APP_ID, "timestamp": True}},),
    "no openid": ({name: value for name, value in FIELDS.items() if name != "openId"},),
    "another openid": ({**FIELDS, "openId": "F8BE4D4B0C1B"},),
    "another openid and app": (
        {**FIELDS, "openId": "F8BE4D4B0C1B", "watermark": {"appid": "9", "timestamp": 1}},
    ),
    "a name that is a number": ({**FIELDS, "nickName": 1},),
    "a unionid that is a list": ({**FIELDS, "unionId": ["U1"]},),
    "a gender that is a text": ({**FIELDS, "gender": "1"},),
    "a gender that is a truth": ({**FIELDS, "gender": True},),
}


@pytest.mark.parametrize("plain", WRONG_INSIDE.values(), ids=WRONG_INSIDE.keys())
def test_decrypt__all_that_is_wrong_inside_looks_the_same(plain):
    """Padding, UTF-8, JSON or fields: who posts the data cannot tell which of them is wrong."""
    error = refused(decrypt_user_data, encrypted(*plain), text(IV), LOGIN, APP_ID)
    other = refused(decrypt_user_data, text(bytes(16)), text(IV), LOGIN, APP_ID)
    assert UNREADABLE in str(error)
    assert (type(error), error.args, vars(error)) == (type(other), other.args, vars(other))


def test_decrypt__of_another_app(posted):
    """Data of another app has its own clear error, which names neither."""
    error = refused(decrypt_user_data, posted, text(IV), LOGIN, "1110000000")
    assert "belongs to another app" in str(error)
    assert_no_secrets(error, [APP_ID])


@pytest.mark.parametrize("app_id", [APP_ID[:-1], f"{APP_ID} ", f"0{APP_ID}"])
def test_decrypt__of_an_app_with_a_like_name(posted, app_id):
    """The appid has to be the same to the letter."""
    refused(decrypt_user_data, posted, text(IV), LOGIN, app_id)


def test_decrypt__with_the_key_of_another_login(posted):
    """What was encrypted for an earlier login is refused."""
    later = attrs.evolve(LOGIN, session_key=text(bytes(16)))
    assert UNREADABLE in str(refused(decrypt_user_data, posted, text(IV), later, APP_ID))


def test_decrypt__every_single_bit_of_the_iv(posted):
    """No bit of the iv can be changed: it would change one of the openid, or of JSON's own."""
    for iv in flipped(IV):
        with pytest.raises(SignatureError, match=UNREADABLE):
            decrypt_user_data(posted, text(iv), LOGIN, APP_ID)


def test_decrypt__every_single_bit_of_the_key(posted):
    """No bit of the key can be another."""
    for key in flipped(KEY):
        login = attrs.evolve(LOGIN, session_key=text(key))
        with pytest.raises(SignatureError, match=UNREADABLE):
            decrypt_user_data(posted, text(IV), login, APP_ID)


def test_decrypt__every_single_bit_of_the_data(posted):
    """A changed bit garbles its block: of this message, every single one is refused."""
    data = base64.b64decode(posted)
    assert len(data) > 256
    for changed in flipped(data):
        with pytest.raises(SignatureError, match=UNREADABLE):
            decrypt_user_data(text(changed), text(IV), LOGIN, APP_ID)


@pytest.mark.parametrize("blocks", range(1, 5))
def test_decrypt__cut_off_or_out_of_order(posted, blocks):
    """Blocks left out at either end, or said twice, are refused."""
    data, cut = base64.b64decode(posted), 16 * blocks
    for changed in (data[cut:], data[:-cut], data[:cut] + data, data + data[-cut:]):
        with pytest.raises(SignatureError, match=UNREADABLE):
            decrypt_user_data(text(changed), text(IV), LOGIN, APP_ID)


@given(data=st.binary(max_size=96), iv=st.binary(min_size=16, max_size=16))
def test_decrypt__any_bytes(data, iv):
    """Whatever is posted, no other error comes out, and none that hangs on another."""
    with pytest.raises(SignatureError) as caught:
        decrypt_user_data(text(data) or "=", text(iv), LOGIN, APP_ID)
    assert caught.value.__context__ is None


@given(data=st.text(min_size=1), iv=st.text(min_size=1))
def test_decrypt__any_text(data, iv):
    """Text that is no base64 is refused like any other."""
    with pytest.raises((SignatureError, InvalidArgumentError)) as caught:
        decrypt_user_data(data, iv, LOGIN, APP_ID)
    assert caught.value.__context__ is None


def test_decrypt__without_the_package():
    """Without cryptography one line says what to install; the signature needs no package."""
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from qqminigame import ConfigurationError, LoginState\n"
        "from qqminigame.client_data import decrypt_user_data, verify_raw_data\n"
        f"login = LoginState(openid='1', session_key={LOGIN.session_key!r})\n"
        f"verify_raw_data('{{}}', {signature(b'{}')!r}, login)\n"
        "try:\n"
        f"    decrypt_user_data({text(bytes(16))!r}, {text(IV)!r}, login, '1')\n"
        "except ConfigurationError as error:\n"
        "    print(error, error.__context__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "pip install 'qqminigame[crypto]' None" in done.stdout, done.stderr


@pytest.mark.parametrize("most", ["x" * 2**20, "é" * 2**19], ids=["ascii", "utf-8"])
def test_arguments__of_more_than_a_megabyte(most):
    """What a client posts is bounded, in bytes of UTF-8; the limit itself is still taken."""
    with pytest.raises(SignatureError):
        verify_raw_data(most, "signature", LOGIN)
    with pytest.raises(InvalidArgumentError) as caught:
        verify_raw_data(most + most[:1], "signature", LOGIN)
    assert [problem.where for problem in caught.value.problems] == ["raw_data"]
    with pytest.raises(InvalidArgumentError) as caught:
        decrypt_user_data("A" * (2**20 + 1), "iv", LOGIN, APP_ID)
    assert [problem.where for problem in caught.value.problems] == ["encrypted_data"]
