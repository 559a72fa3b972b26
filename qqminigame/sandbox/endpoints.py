"""The table of all calls the sandbox answers; another platform is a file and a line here."""

from collections.abc import Mapping

from qqminigame.sandbox import hall, qq
from qqminigame.sandbox.dialects import Endpoint

ENDPOINTS: Mapping[str, Endpoint] = {
    endpoint.path: endpoint for endpoint in (*qq.ENDPOINTS, *hall.ENDPOINTS)
}
