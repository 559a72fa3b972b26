"""The mini game platforms on this machine: real HTTP, signatures, limits, faults.

    from qqminigame.sandbox import Sandbox

    with Sandbox() as sandbox:
        js_code = sandbox.js_code()
        ...  # send requests to sandbox.url, paths as on the platforms' own hosts

It is api.q.qq.com, openapi.minigame.qq.com, minigame.zijieapi.com (and the older
developer.toutiao.com) and api.weixin.qq.com at once, each at its own paths. And it is the player's
side: a web page that loads ``/_sandbox/mini.js?openid=AB`` from it has ``tt``, ``qq`` and ``wx``
with ``login``, ``setUserCloudStorage``, ``getUserCloudStorage`` and ``removeUserCloudStorage``.

The sandbox shares no line with the client: it is written from the platform's pages alone, so that
a mistake in one of the two shows. Where those pages are silent, it decides as follows.

Access tokens
    - Each platform has its own, and takes no other's. Fetching one leaves that platform's token
      before it alive for ``overlap_seconds`` at most and never past its own expiry; any older one
      dies at once.
    - ``stable_token`` gives the newest of its platform's tokens, whichever call fetched it, and
      a new one only when that is dead; with ``force_refresh: true`` all before are dead at once.
    - A token is base64 text with ``+``, ``/`` and ``=``: whoever forgets URL-encoding is found out.
Login
    - Players, what is stored for them, codes and sessions are the same on all platforms.
    - A session_key lives until the player's next login, or until ``end_session``.
    - Every call with one of a player's codes counts to the 100 a minute; a call refused for that
      (45011) neither counts nor uses up the code.
    - Wrong appid or secret is -101222100, a wrong grant_type -2100. WeChat's login is QQ's row.
    - Douyin counts no logins. Without a code of either kind it says 40014; with one only, the other
      one's fields are empty. Any login code serves as an anonymous one.
Signed calls, in QQ's codes
    - Checked in this order: -4 (an auth parameter missing or empty), -3 (another sig_method, or
      any query parameter given twice), -100050019, -100050007, -2 for the body's shape, limits.
    - Limits count UTF-8 bytes of the unescaped strings; the limit itself is allowed. 87019 is
      looked for before 87016, 87018 and 87017. A call is carried out whole or not at all.
    - A key given twice in one list: the last one wins. An empty list is a success without effect.
    - Half a surrogate pair is no text: -2. An interactive value of 1.0 is the number 1.
WeChat
    - Codes are QQ's but for 41001 (an auth parameter missing), 40001, 87081, 87009 and 47001 (a
      ``stable_token`` body that is no JSON); 87082 is an interactive key other than "1" to "50".
    - An expired or replaced access token is 40001 like an unknown one, never 42001.
Douyin
    - The same checks in the same order: 40002 without an access token, 28001038 without another
      auth parameter, for one that is malformed, and for the body's shape; the content type is
      looked at before the body, behind the signature. A stale session_key is 28001039.
    - The ranking form (40011) is looked at behind the sizes and before the number of pairs. JSON's
      1.0 is no Int32. ``total_bytes`` holds here too, as 60001.
    - A token call's body that is no JSON object has no grant_type: 40020; it may have any content
      type. ``message`` of a failure is always the same words.
The page's calls
    - 999998 is a session that was ended and not begun again; a page that never logged in has one.
      Lists of the wrong form and all limits are 999999, a busy platform 999993, an HTTP status but
      200 is 999991, no JSON 108001, and no connection, or no answer in 10 seconds, 999985.
    - A key that is not stored is left out of what ``getUserCloudStorage`` returns.
    - They are in the log and meet faults as the platforms' own calls do, ``endpoint: "*"`` too.
Game hall
    - The reply is JSON sent as ``text/html``: nobody may rely on its content type.
    - A parameter given twice, ``format`` other than json, and ``pf`` other than qqgame are ret 1.
    - A sig that is missing or wrong is 2000004 (the sister code 2000024 is never given).
    - ``report_dawanka_pay`` with nothing left is undocumented: ret 2009999, a number of our own.
    - ``use`` counts the successful reports at the player's level; another level starts again at 0.
HTTP
    - Business errors have status 200. An unknown path is a 404, a wrong method a 405, a query that
      is no form encoding of UTF-8 a 400, a body above 2 MiB a 413, each with an HTML page.
"""

from qqminigame.sandbox.faults import Fault
from qqminigame.sandbox.sandbox import Sandbox

__all__ = ["Fault", "Sandbox"]
