"""Secrets do not survive masking; all else does."""

import tracemalloc
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, strategies as st

from qqminigame.platforms import PLATFORMS
from qqminigame.redaction import MASK, mask_parameters, mask_values

SECRET_PARAMETERS = (
    "access_token",
    "secret",
    "session_key",
    "js_code",
    "code",
    "anonymous_code",
    "openkey",
    "signature",
    "sig",
)
URL = "https://host/path?openid=AB12&{name}={value}&pf=qqgame"

# Long enough not to stand in the text around it by chance.
SECRETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("value", ["s3cret", "FdJk/iDY+Mj5==", "a%2Fb%3D%3D", "名%20字", "a;b,c)"])
@pytest.mark.parametrize("name", [*SECRET_PARAMETERS, *map(str.upper, SECRET_PARAMETERS), "Sig"])
def test_mask_parameters__secret_parameter(name: str, value: str) -> None:
    """The value of a secret parameter is masked, in capitals and encoded too; the rest stays."""
    masked = mask_parameters(URL.format(name=name, value=value))
    assert masked == URL.format(name=name, value=MASK)


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
def test_mask_parameters__the_login_code_of_each_platform(platform) -> None:
    """Whatever a platform calls it, a login code is a secret."""
    assert mask_parameters(f"?{platform.login_code}=abc") == f"?{platform.login_code}={MASK}"


@pytest.mark.parametrize("name", SECRET_PARAMETERS)
def test_mask_parameters__first_last_and_many(name: str) -> None:
    """A secret parameter is masked wherever it stands in a text, and each time."""
    text = f"GET /a?{name}=one HTTP/1.1; then '{name}=two', \"{name}=three\" <{name}=four>"
    masked = f"GET /a?{name}=*** HTTP/1.1; then '{name}=***', \"{name}=***\" <{name}=***>"
    assert mask_parameters(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "/v3/user/get_info?openid=AB055EE0&appid=1110766236&pf=qqgame&format=json",
        "/a?sig_method=hmac_sha256&unionid=U1&design=blue",
        "errcode=87009&ret_code=1",
        "no parameter at all",
        "",
    ],
)
def test_mask_parameters__the_rest_stays(text: str) -> None:
    """What is no secret is left alone, also where a secret's name is part of another."""
    assert mask_parameters(text) == text


@given(TEXTS)
def test_mask_parameters__twice_is_once(text: str) -> None:
    """Masking a masked text changes nothing."""
    once = mask_parameters(text)
    assert mask_parameters(once) == once


@pytest.mark.parametrize("secret", ["plain", "a/b+c==", "名字", "with space & more", "100%"])
@pytest.mark.parametrize("form", [str, lambda secret: quote(secret, safe="")], ids=["raw", "url"])
def test_mask_values__raw_and_encoded(secret: str, form: Callable[[str], str]) -> None:
    """A known secret is masked where it stands raw and where it stands URL-encoded."""
    text = f"token [{form(secret)}] is bad, really: {form(secret)}"
    assert mask_values(text, [secret]) == f"token [{MASK}] is bad, really: {MASK}"


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(quote("a/b+c d==", safe="").lower(), id="small hex digits"),
        pytest.param(quote("a/b+c d=="), id="slash kept, as quote() does by default"),
        pytest.param(quote_plus("a/b+c d=="), id="space as plus, as in a form"),
    ],
)
def test_mask_values__other_ways_to_encode(shown: str) -> None:
    """A secret is masked as well where a server encodes it in one of the other usual ways."""
    assert mask_values(f"token [{shown}] is bad", ["a/b+c d=="]) == f"token [{MASK}] is bad"


@pytest.mark.parametrize("secrets", [["word", "word-and-more"], ["word-and-more", "word"]])
def test_mask_values__one_secret_inside_another(secrets: list[str]) -> None:
    """Where one secret is a part of another, nothing of the longer one is left."""
    assert mask_values("it is word-and-more!", secrets) == f"it is {MASK}!"


def test_mask_values__also_masks_parameters() -> None:
    """A secret nobody listed is masked where the text names it."""
    assert mask_values("x?sig=unlisted&k=listed", ["listed"]) == f"x?sig={MASK}&k={MASK}"


def test_mask_values__of_long_secrets__keeps_nothing():
    """Masking compiles nothing: what others send leaves no memory behind."""
    mask_values("warm up", ["s" * 4096])
    tracemalloc.start()
    for number in range(60):
        secret = f"{number}名/" * 1000
        assert mask_values(f"<{quote(secret, safe='')}>", [secret]) == f"<{MASK}>"
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 1_000_000


@pytest.mark.parametrize("secret", ["c", "ab", "cat"])
def test_mask_values__of_short_secrets(secret: str) -> None:
    """A secret of under 4 bytes stands in any text by chance; masking it would tell it."""
    assert mask_values("application/json; cat", [secret]) == "application/json; cat"


def test_mask_values__no_secret() -> None:
    """An empty secret, as of an app without one, masks nothing."""
    assert mask_values("text", ["", ""]) == "text"
    assert mask_values("text", []) == "text"


@given(before=TEXTS, secret=SECRETS, after=TEXTS, others=st.lists(SECRETS, max_size=2))
def test_mask_values__the_secret_never_survives(
    before: str, secret: str, after: str, others: list[str]
) -> None:
    """Whatever stands around it, neither a secret nor its encoded form is left."""
    for form in (secret, quote(secret, safe="")):
        masked = mask_values(before + form + after, [secret, *others])
        assert secret not in masked
        assert quote(secret, safe="") not in masked


@given(text=TEXTS, secrets=st.lists(SECRETS, max_size=3))
def test_mask_values__twice_is_once(text: str, secrets: list[str]) -> None:
    """Masking a masked text changes nothing."""
    once = mask_values(text + "".join(secrets), secrets)
    assert mask_values(once, secrets) == once
