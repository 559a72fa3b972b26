"""What a cached access token costs: per read, and with 16 threads reading at once."""

import statistics
import time
from typing import Any, Final

from benchmarks.calls import connect
from benchmarks.options import Options
from benchmarks.peers import RequestsPost
from benchmarks.platform import platform
from benchmarks.threads import together
from benchmarks.turns import in_turns, median_ratio, repeated
from qqminigame.clock import SYSTEM_CLOCK, Deadline
from qqminigame.models import AccessToken
from qqminigame.stores import MemoryStore
from qqminigame.stores.base import TIMEOUT_SECONDS
from qqminigame.tokens import AccessTokens

_THREADS: Final = 16
_SECONDS: Final = 3600.0
_READS_PER_POST: Final = 160


class CountingStore(MemoryStore):
    """Counts how often it is asked."""

    asked = 0

    def get(self, key: str, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
        """Count, then answer."""
        self.asked += 1
        return super().get(key, timeout=timeout)


def measure(options: Options) -> dict[str, Any]:
    """Let reads and bare posts take turns; the store has never to be asked."""
    store = CountingStore()
    tokens = AccessTokens(key="token", store=store, fetch=_fetch, clock=SYSTEM_CLOCK)
    deadline = Deadline(_SECONDS, time.monotonic)
    tokens.get(deadline)
    asked = store.asked
    reads = options.calls * _READS_PER_POST

    def read() -> None:
        tokens.get(deadline)

    with platform() as place:
        peer = connect(place, RequestsPost)
        spent = in_turns(
            {
                "post": repeated(peer.call, options.calls),
                "read": repeated(read, reads),
                "threads": together([repeated(read, reads // _THREADS)] * _THREADS),
            },
            options.rounds,
        )
        peer.close()
    cpu = {name: [turn.cpu for turn in turns] for name, turns in spent.items()}
    walls = {name: [turn.wall for turn in turns] for name, turns in spent.items()}
    return {
        "read_us": round(statistics.median(cpu["read"]) / reads * 1e6, 3),
        "read_to_post": round(median_ratio(cpu["read"], cpu["post"]) / _READS_PER_POST, 5),
        "threads_to_one": round(median_ratio(walls["threads"], walls["read"]), 2),
        "looks_into_the_store": store.asked - asked,
    }


def _fetch(deadline: Deadline) -> AccessToken:
    """Hand out a token."""
    now = time.time()
    return AccessToken(value="token", fetched_at=now, expires_at=now + 7200)
