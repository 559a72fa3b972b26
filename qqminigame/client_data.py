"""What a game's page hands over or posts back, beside its own login. Nothing is sent.

A page may store by itself: ``tt.setUserCloudStorage``, and the same of ``qq`` and ``wx``. A back
end prepares the data for it, and hears of its failure.

``qq.getUserInfo`` gives the client ``rawData`` with a ``signature``, and the same once more, with
openid and unionid, as ``encryptedData`` with an ``iv``. The client posts them to the game's server,
which trusts neither before it has checked it with the login's session_key.

Encryption is no signature: who posts the data can garble 16 bytes in the middle of it, at random,
and with much luck it still reads as JSON. Only ``signature`` covers every byte.

Sources:
    https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/api/open-capability/
        (tt.setUserCloudStorage, KVData)
    https://q.qq.com/wiki/develop/game/frame/open-ability/signature.html
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self, TypedDict

from attrs import frozen

from qqminigame import messages, platforms, reactions, validation
from qqminigame.codec import STRICT_JSON
from qqminigame.exceptions import ConfigurationError, PlatformError, Problem, SignatureError
from qqminigame.limits import MAX_POSTED_BYTES
from qqminigame.messages import Text
from qqminigame.models import LoginState
from qqminigame.platforms import PlatformName
from qqminigame.platforms.base import Platform
from qqminigame.platforms.douyin import DouyinClientCode
from qqminigame.reactions import Reaction
from qqminigame.redaction import drop_frames, mask_parameters
from qqminigame.validation import Problems, check_text, kind, refuse

_BLOCK: Final = 16  # bytes; AES-128 has a key of the same size
_TEXTS: Final = {
    "nick_name": "nickName",
    "city": "city",
    "province": "province",
    "country": "country",
    "avatar_url": "avatarUrl",
    "unionid": "unionId",
}


@frozen(kw_only=True)
class UserData:
    """What the platform says about a player who has agreed to it.

    Attributes:
        openid: The player in this game; always that of the login.
        timestamp: When the platform created the data, in Unix seconds. To reject old data,
            compare it with the current time.
        nick_name: The player's name.
        gender: The platform's number: 0 unknown, 1 male, 2 female.
        city: City; empty if the player does not say.
        province: Province.
        country: Country.
        avatar_url: URL of the player's picture.
        unionid: The player across one developer's games; None if the platform gives none.
    """

    openid: str
    timestamp: int
    nick_name: str | None = None
    gender: int | None = None
    city: str | None = None
    province: str | None = None
    country: str | None = None
    avatar_url: str | None = None
    unionid: str | None = None


@drop_frames
def verify_raw_data(raw_data: str | bytes, signature: str, login: LoginState) -> None:
    """Check that the platform signed this ``rawData`` for this login.

    Args:
        raw_data: The text exactly as the client received it. Parsed and written as JSON again, it
            is another text. A str is encoded as UTF-8.
        signature: The ``signature`` beside it: 40 lowercase hex digits, as the platform writes
            them; uppercase is refused.
        login: The player's login; ``session.login_state(openid)`` returns the one that is
            remembered.

    Raises:
        SignatureError: The signature does not match; raw_data must not be used.
        InvalidArgumentError: An argument is of the wrong type, or empty.

    Source: https://q.qq.com/wiki/develop/game/frame/open-ability/signature.html
    """
    problems: Problems = []
    if isinstance(raw_data, str):
        check_text(raw_data, "raw_data", problems, MAX_POSTED_BYTES)
    elif not isinstance(raw_data, bytes):
        words = messages.RAW_DATA_KIND.of(kind=kind(raw_data))
        problems.append(Problem(where="raw_data", text=words))
    check_text(signature, "signature", problems)
    _check_login_state(login, problems)
    refuse("verify_raw_data", problems)
    signed = raw_data.encode() if isinstance(raw_data, str) else raw_data
    # SHA-1 is the platform's choice.
    expected = hashlib.sha1(signed + login.session_key.encode()).hexdigest()  # noqa: S324 - the platform's
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise _refusal("verify_raw_data", messages.WRONG_SIGNATURE)


@drop_frames
def decrypt_user_data(encrypted_data: str, iv: str, login: LoginState, app_id: str) -> UserData:
    """Decrypt ``encryptedData`` and check that it belongs to this player and this app.

    Needs the extra ``crypto``.

    Args:
        encrypted_data: The ``encryptedData`` of ``qq.getUserInfo``: base64.
        iv: The ``iv`` beside it: base64 of 16 bytes.
        login: The player's login; ``session.login_state(openid)`` returns the one that is
            remembered. The openid in the data has to match it: otherwise a client could name
            another player by changing the iv.
        app_id: The app's id, which has to match the watermark of the data.

    Raises:
        SignatureError: The data is not what the platform encrypted for this login and app.
        InvalidArgumentError: An argument is of the wrong type, or empty.
        ConfigurationError: The package ``cryptography`` is not installed.

    Source: https://q.qq.com/wiki/develop/game/frame/open-ability/signature.html
    """
    problems: Problems = []
    check_text(encrypted_data, "encrypted_data", problems, MAX_POSTED_BYTES)
    check_text(iv, "iv", problems)
    _check_login_state(login, problems)
    check_text(app_id, "app_id", problems)
    refuse("decrypt_user_data", problems)
    key, start, data = map(_decoded, (login.session_key, iv, encrypted_data))
    if len(key) != _BLOCK:
        raise _refusal("decrypt_user_data", messages.WRONG_SESSION_KEY)
    if len(start) != _BLOCK or not data or len(data) % _BLOCK:
        raise _refusal("decrypt_user_data", messages.WRONG_FORM, reactions.INVALID)
    fields = _decrypted(data, key, start)
    user = _user_data(fields)
    if user is None or user.openid != login.openid:
        raise _refusal("decrypt_user_data", messages.UNREADABLE_DATA)
    if fields["watermark"]["appid"] != app_id:
        raise _refusal("decrypt_user_data", messages.OTHER_APP, reactions.INVALID)
    return user


def _check_login_state(login: object, problems: Problems) -> None:
    """Check a login that is used here and now: no openid, for there is no store to look it up."""
    if isinstance(login, LoginState):
        check_text(login.openid, "login.openid", problems)
        check_text(login.session_key, "login.session_key", problems)
    else:
        hint = messages.USE_LOGIN_STATE if isinstance(login, str) else messages.NOTHING
        words = messages.NOT_A_LOGIN_STATE.of(kind=kind(login), hint=hint)
        problems.append(Problem(where="login", text=words))


def _refusal(call: str, why: Text, reaction: Reaction | None = None) -> SignatureError:
    return SignatureError(messages.REFUSED_DATA.of(call=call, why=why), reaction=reaction)


def _decoded(text: str) -> bytes:
    """Return what a base64 text means; nothing where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _decrypted(data: bytes, key: bytes, iv: bytes) -> Any:
    """Return the JSON value in the data; None where padding, UTF-8 or JSON is wrong."""
    try:
        return STRICT_JSON.decode(_unlocked(data, key, iv).decode())
    except (ValueError, RecursionError):
        return None


def _unlocked(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Return the bytes in the data; a ValueError where its padding is wrong."""
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.padding import PKCS7
    except ModuleNotFoundError:
        pass
    else:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        unpadder = PKCS7(8 * _BLOCK).unpadder()
        padded = decryptor.update(data) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    raise ConfigurationError(messages.NO_CRYPTOGRAPHY)


def _user_data(fields: Any) -> UserData | None:
    """Return the fields as a value; None where they are not the documented ones."""
    mark = fields.get("watermark") if isinstance(fields, dict) else None
    if not isinstance(mark, dict):
        return None
    openid: Any = fields.get("openId")
    gender: Any = fields.get("gender")
    timestamp: Any = mark.get("timestamp")
    texts: dict[str, Any] = {name: fields.get(word) for name, word in _TEXTS.items()}
    documented = (
        type(openid) is type(mark.get("appid")) is str
        and type(timestamp) is int
        and (gender is None or type(gender) is int)
        and all(text is None or type(text) is str for text in texts.values())
    )
    if not documented:
        return None
    return UserData(openid=openid, timestamp=timestamp, gender=gender, **texts)


_SHOWN_MESSAGE: Final = 300
_CALL: Final = "setUserCloudStorage"
_NUMBER: Final = re.compile(r"\s*(-?[0-9]{1,18})\s*")
_ERROR_TYPES: Final = frozenset("DUFI")


class KVData(TypedDict):
    """One pair, with the platforms' field names; a dict, so that any JSON library can write it.

    Attributes:
        key: 1 to 128 bytes of UTF-8.
        value: A str; key and value together have at most 1024 bytes.
    """

    key: str
    value: str


def kv_data_list(
    kv: Mapping[str, str] | Iterable[tuple[str, str]], platform: PlatformName | Platform = "douyin"
) -> list[KVData]:
    """Return the checked ``KVDataList`` for a page to pass to ``setUserCloudStorage``.

    Args:
        kv: 1 to 128 pairs, as for :meth:`qqminigame.CloudStorage.set`.
        platform: The page's platform: ``"douyin"``, ``"qq"``, ``"wechat"``, or a platform of your
            own.

    Raises:
        InvalidArgumentError: The pairs break a limit; ``problems`` lists each.
        ConfigurationError: There is no such platform.
    """
    rows = platforms.chosen(platform)
    problems: validation.Problems = []
    pairs = validation.check_kv(kv, rows.storage, problems)
    validation.refuse("kv_data_list", problems)
    return [KVData(key=key, value=value) for key, value in pairs]


class ClientError(PlatformError):
    """A storage call of the player's client failed.

    Attributes:
        error_type: Who is responsible, according to the platform: ``"D"`` the developer, ``"U"``
            the player, ``"F"`` the framework, ``"I"`` nobody (information); empty if it does not
            say.
    """

    error_type: str = ""

    @classmethod
    def from_fail(cls, res: Mapping[str, Any]) -> Self:
        """Read the object that a ``fail`` callback received, as the page posted it.

        Anything that a page may post is accepted: a number as text, an undocumented code, or no
        code.

        Args:
            res: ``errMsg``, with Douyin's ``errorCode`` and ``errorType``, or the ``errCode`` of QQ
                and WeChat, whose numbers are not documented for this call.

        Raises:
            InvalidArgumentError: ``res`` is not a mapping.
        """
        if not isinstance(res, Mapping):
            text = messages.NOT_A_FAIL_OBJECT.of(kind=validation.kind(res))
            validation.refuse("ClientError.from_fail", [Problem(where="res", text=text)])
        of_douyin = _code(res.get("errorCode"))
        code = _code(res.get("errCode")) if of_douyin is None else of_douyin
        message = _text(res.get("errMsg"))
        known = next((row for row in DouyinClientCode if row == of_douyin), None)
        error = cls(
            _words(code, known, message),
            endpoint=_CALL,
            code=code,
            message=message,
            sent=None,
            reaction=None if known is None else known.cause.reaction,
        )
        kind = _text(res.get("errorType"))
        error.error_type = kind if kind in _ERROR_TYPES else ""
        return error


def _words(code: int | None, known: DouyinClientCode | None, message: str) -> Text:
    says = messages.CLIENT_SAYS.of(message=message) if message else messages.NOTHING
    if code is None:
        return messages.CLIENT_FAILED.of(says=says)
    if known is None:
        return messages.UNDOCUMENTED_CODE.of(call=_CALL, code=code, says=says)
    return messages.REFUSAL.of(
        call=_CALL, code=code, name=known.name, says=says, explanation=known.cause.text
    )


def _code(value: object) -> int | None:
    """Return a code; a number too large to be one counts as none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 10**18 else None
    number = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return int(number[1]) if number else None


def _text(value: object) -> str:
    return mask_parameters(value)[:_SHOWN_MESSAGE] if isinstance(value, str) else ""
