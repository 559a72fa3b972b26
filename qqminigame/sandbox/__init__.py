"""The QQ mini game platform on this machine: real HTTP, signatures, limits, faults.

    from qqminigame.sandbox import Sandbox

    with Sandbox() as sandbox:
        js_code = sandbox.js_code()
        ...  # send requests to sandbox.url, paths as on api.q.qq.com and openapi.minigame.qq.com

The sandbox shares no line with the client: it is written from the platform's pages alone, so that
a mistake in one of the two shows. Where those pages are silent, it decides as follows.

Access tokens
    - Fetching one leaves the token before it alive for ``overlap_seconds`` at most and never past
      its own expiry; any older one dies at once.
    - A token is base64 text with ``+``, ``/`` and ``=``: whoever forgets URL-encoding is found out.
Login
    - A session_key lives until the player's next login, or until ``end_session``.
    - Every call with one of a player's codes counts to the 100 a minute; a call refused for that
      (45011) neither counts nor uses up the code.
    - Wrong appid or secret is -101222100, a wrong grant_type -2100.
Signed calls
    - Checked in this order: -4 (an auth parameter missing or empty), -3 (another sig_method, or
      any query parameter given twice), -100050019, -100050007, -2 for the body's shape, limits.
    - Limits count UTF-8 bytes of the unescaped strings; the limit itself is allowed. 87019 is
      looked for before 87016, 87018 and 87017. A call is carried out whole or not at all.
    - A key given twice in one list: the last one wins. An empty list is a success without effect.
    - Half a surrogate pair is no text: -2. An interactive value of 1.0 is the number 1.
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
