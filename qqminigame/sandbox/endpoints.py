"""The table of all calls the sandbox answers.

Another platform is a file, a word here, and in `accounts` one for its access tokens.
"""

from collections.abc import Mapping

from qqminigame.sandbox import douyin, hall, mini, qq, wechat
from qqminigame.sandbox.dialects import Endpoint

ENDPOINTS: Mapping[str, Endpoint] = {
    endpoint.path: endpoint
    for platform in (qq, hall, douyin, wechat, mini)
    for endpoint in platform.ENDPOINTS
}
