"""The mini game platforms on this machine: real HTTP, signatures, limits, faults.

    from qqminigame.sandbox import Sandbox

    with Sandbox() as sandbox:
        js_code = sandbox.js_code()
        ...  # send requests to sandbox.url, paths as on the platforms' own hosts

It answers for api.q.qq.com, openapi.minigame.qq.com, minigame.zijieapi.com (and the older
developer.toutiao.com) and api.weixin.qq.com, each at its own paths. It also stands in for the
player's client: a web page that loads ``/_sandbox/mini.js?openid=AB`` from it has ``tt``, ``qq``
and ``wx`` with ``login``, ``setUserCloudStorage``, ``getUserCloudStorage`` and
``removeUserCloudStorage``.

The sandbox shares no code with the client: it is written from the platforms' pages alone, so that a
mistake in either of them shows. ``help(Sandbox)`` lists its settings, ``help(Sandbox.script)`` the
faults. Where the pages are silent, it behaves as follows.

Platforms
    - Each platform has its own access tokens, players, codes and session_keys. None of them works
      on another platform, even for the same openid. App id and secret are the same on all three;
      the game hall has its own app id and key.
    - QQ and WeChat have their login at the same path; the code decides which of them answers. A
      code that neither of them issued is refused with QQ's numbers.
    - Lengths vary where no page fixes them: access tokens have 64 to 512 characters. An openkey
      has 32 bytes, because the hall's table has an error code for any other length.
Access tokens
    - After a fetch, the platform's previous token remains valid for a while, at most 300 seconds
      (``overlap_seconds``) and never past its own expiry. Older ones are invalid at once.
    - WeChat's ``stable_token`` has tokens of its own, and returns a new one in the last 5 minutes.
      Douyin's returns the newest token, whichever call fetched it. ``force_refresh: true``
      invalidates all earlier tokens at once and works 20 times a day; on WeChat it changes nothing
      within 30 seconds of the last time.
    - More calls in a day or a minute than a page (or ``fetches_a_day``) allows are refused with
      45009, on Douyin with 28005139. A day begins at midnight in Beijing. WeChat refuses addresses
      that are not in ``allowed_ips`` with 40164.
    - ``reset`` keeps tokens valid, so that a client used by several tests is not refused.
Login
    - A session_key is valid until the player's next login on that platform, until ``end_session``,
      or until it has not been used for ``session_seconds``.
    - Every call with one of a player's codes counts towards the 100 a minute; a call refused for
      that (45011) neither counts nor uses up the code.
    - On QQ a wrong appid or secret is -101222100, a wrong grant_type -2100. On WeChat they are
      40013, 40125 and 40002, and a used code is 40163. 40226 (a blocked player) has to be scripted.
    - Douyin does not count logins. Without a code of either kind it answers 40014; with only one of
      them, the fields of the other are empty. Any login code serves as an anonymous one.
Signed calls, in QQ's codes
    - Checked in this order: -4 (an auth parameter missing or empty), -3 (another sig_method, or
      any query parameter given twice: a trap, no page mentions it), -100050019, -100050007, -2 for
      the body's shape, limits.
    - Limits count UTF-8 bytes of the unescaped strings; the limit itself is allowed. 87019 is
      checked before 87016, 87018 and 87017. A call is carried out completely or not at all.
    - A key given twice in one list: the last one wins. An empty list is a success without effect.
    - A lone surrogate is not text: -2. An interactive value of 1.0 is the number 1.
    - A value with the ranking field of another platform is stored, with a warning in the log.
WeChat
    - Codes are QQ's except for 41001 (an auth parameter missing), 40001, 87081, 87009 and 47001 (a
      ``stable_token`` body that is not JSON); 87082 is an interactive key other than "1" to "50".
    - An expired or replaced access token is 40001 like an unknown one, never 42001.
Douyin
    - The same checks in the same order: 40002 without an access token, 28001038 without another
      auth parameter, for one that is malformed, and for the body's shape; the content type is
      checked after the signature and before the body. An invalid session_key is 28001039.
    - An access token in a header ``access_token``, as the vendor's npm SDK sends it, is not read;
      the refusal (40002) says so.
    - The ranking form (40011) is checked for ``ranking_keys`` only, after the sizes and before the
      number of pairs. ``update_time`` may be absent, as in the page's own example. JSON's 1.0 is
      not an Int32. ``total_bytes`` applies here too, as 60001.
    - A token call's body that is not a JSON object, or has another content type, has no
      grant_type: 40020. ``message`` of a failure is always the same text.
The page's calls
    - A page has a session from its ``login`` on, or from ``Sandbox.js_code`` for its player, until
      ``end_session``. Without one a call fails with 999998.
    - Lists of the wrong form and exceeded limits are 999999, a busy platform 999993, an HTTP status
      other than 200 is 999991, a reply that is not JSON 108001, and no connection, or no answer
      within 10 seconds, 999985.
    - ``tt`` fails with ``errorCode`` and ``errorType``, ``qq`` and ``wx`` with ``errCode``. All use
      Douyin's numbers: the pages of the other two list none.
    - A key that is not stored is left out of what ``getUserCloudStorage`` returns.
    - These calls appear in the log and are subject to faults, as the platforms' own calls are.
Game hall
    - The reply is JSON sent as ``text/html``: do not rely on its content type.
    - A parameter given twice (a trap, no page mentions it), ``format`` other than json, and ``pf``
      other than qqgame are ret 1.
    - A sig that is missing or wrong is 2000004 (the sister code 2000024 is never given).
    - ``report_dawanka_pay`` with nothing left is undocumented: ret 2009999, a number of our own.
    - ``use`` counts the successful reports at the player's level; another level starts again at 0.
HTTP
    - Business errors have status 200. An unknown path is a 404, a wrong method a 405, a query that
      is not a form encoding of UTF-8 a 400 (a trap as well), a body above 2 MiB a 413, each with an
      HTML page.
"""

import importlib.util

if importlib.util.find_spec("aiohttp") is None:
    raise ModuleNotFoundError(
        "the sandbox needs aiohttp; run python -m pip install 'qqminigame[sandbox]' "
        "（本地沙箱需要 aiohttp，请执行该命令安装）",
        name="aiohttp",
    )

from qqminigame.sandbox.faults import Fault
from qqminigame.sandbox.sandbox import Sandbox
from qqminigame.sandbox.world import HallEntry

__all__ = ["Fault", "HallEntry", "Sandbox"]
