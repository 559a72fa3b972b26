"""Every number the platforms set, once, with its source.

Sizes are in bytes of UTF-8, of the strings themselves and not of their JSON form; a limit itself
is still allowed.

Sources:
    QQ: https://q.qq.com/wiki/develop/game/server/open-port/
    Douyin: https://developer.open-douyin.com/docs/resource/zh-CN/mini-game/develop/
"""

from typing import Final

# setUserStorage ("托管数据的限制", limits of hosted data)
MAX_PAIRS: Final = 128
MAX_KEY_BYTES: Final = 128
MAX_PAIR_BYTES: Final = 1024  # key and value together

# setUserInteractiveData: keys "1" to "50"
INTERACTIVE_KEYS: Final = frozenset(str(number) for number in range(1, 51))

# A ranking score is read by JavaScript, whose numbers are exact up to here. (Douyin: Int32.)
MAX_SAFE_INTEGER: Final = 2**53 - 1

# get_dawanka_info: payReturnCount of a player without a limit
UNLIMITED: Final = -1

# The hall: how long an openkey is valid after the page was opened
OPENKEY_SECONDS: Final = 7200

# Our own, and generous: the pages demand room for access tokens of 512 characters. It bounds
# js_code, openid, openkey, session_key and access tokens, in bytes of UTF-8.
MAX_TEXT_BYTES: Final = 4096

# Our own: what a game's client posts, in bytes: rawData, encryptedData.
MAX_POSTED_BYTES: Final = 1024 * 1024

# Our own: an order id is part of a key of the store.
MAX_ORDER_ID_BYTES: Final = 128

# getAccessToken: how long the previous token stays valid at most after a new one was fetched
TOKEN_OVERLAP_SECONDS: Final = 300
