"""What a cached access token costs: per read, and with 16 threads reading at once.

Prints ratios of one run. The store counts how often it is asked, which has to be never.
"""

import statistics
import threading
import time

from qqminigame.models import AccessToken
from qqminigame.stores import MemoryStore
from qqminigame.tokens import AccessTokens

READS = 200_000
THREADS = 16
ROUNDS = 7


class CountingStore(MemoryStore):
    """Counts how often it is asked."""

    asked = 0

    def get(self, key: str) -> str | None:
        """Count, then answer."""
        self.asked += 1
        return super().get(key)


def fetch(seconds: float) -> AccessToken:
    """Hand out a token."""
    now = time.time()
    return AccessToken(value="token", fetched_at=now, expires_at=now + 7200)


def read(tokens: AccessTokens, count: int) -> None:
    """Read the token so often."""
    for _ in range(count):
        tokens.get(1.0)


def seconds_of(tokens: AccessTokens, threads: int) -> float:
    """Share the reads among so many threads and return how long all took together."""
    running = [
        threading.Thread(target=read, args=(tokens, READS // threads)) for _ in range(threads)
    ]
    since = time.perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return time.perf_counter() - since


def main() -> None:
    """Measure in turns and print the medians."""
    store = CountingStore()
    tokens = AccessTokens(key="token", store=store, fetch=fetch, clock=time.time, sleep=time.sleep)
    tokens.get(1.0)
    asked = store.asked
    rounds = [(seconds_of(tokens, 1), seconds_of(tokens, THREADS)) for _ in range(ROUNDS)]
    alone = statistics.median(one for one, _ in rounds)
    ratio = statistics.median(many / one for one, many in rounds)
    print(f"one read of a cached token, one thread     {alone / READS * 1e6:.2f} µs")
    print(f"the same reads by {THREADS} threads / by one       {ratio:.2f}")
    print(f"looks into the store during all of them    {store.asked - asked}")


if __name__ == "__main__":
    main()
