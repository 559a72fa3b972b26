"""The table of all calls the sandbox answers.

Another platform is a file, a word here, and one in `tokens` for its access tokens.
"""

from collections.abc import Mapping

from qqminigame.sandbox import douyin, hall, mini, qq, wechat
from qqminigame.sandbox.calls import Call, Endpoint
from qqminigame.sandbox.world import World

ENDPOINTS: Mapping[str, Endpoint] = {
    endpoint.path: endpoint
    for platform in (qq, hall, douyin, wechat, mini)
    for endpoint in platform.ENDPOINTS
}


def endpoint_of(world: World, call: Call) -> Endpoint:
    """Return the row for a call at a path of the table.

    QQ and WeChat have their login at the same path of two hosts, and nothing in the request names
    one of them: the code says whose it is, and one of neither is answered as QQ does.
    """
    at_path = ENDPOINTS[call.path]
    if at_path.path == wechat.LOGIN.path:
        js_codes = world.platforms["wechat"].js_codes
        return wechat.LOGIN if call.get("js_code") in js_codes else at_path
    return at_path
