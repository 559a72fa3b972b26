"""Where the records of orders are kept, in each kind of store, by a clock that a test moves."""

from qqminigame import MemoryStore, RedisStore, SQLiteStore


def open_records(kind, request, clock):
    """Return empty records of a kind; they age when the clock is moved.

    Args:
        kind: Which: "memory", "sqlite" or "redis"; or "postgresql" or "mariadb", by Django.
        request: The fixture that has the servers.
        clock: The clock of all processes.
    """
    if kind == "memory":
        return MemoryStore(clock=clock)
    if kind == "sqlite":
        path = request.getfixturevalue("tmp_path") / "orders.db"
        return SQLiteStore(path, durable=True, clock=clock)
    if kind == "redis":
        server = request.getfixturevalue("durable_redis")
        clock.on_move.append(server.pass_time)
        return _by_the_clock(RedisStore, clock)(server.url)
    alias = request.getfixturevalue("databases")(kind)
    # Importing Django takes a while, and most tests do not need it.
    from django_databases import DatabaseStore, pass_time

    clock.on_move.append(lambda seconds: pass_time(alias, seconds))
    return _by_the_clock(DatabaseStore, clock)(alias)


def _by_the_clock(store, clock):
    """Return a store whose own clock, which goes on during a test, is replaced."""

    class ByTheClock(store):
        def now(self, **_):
            return clock()

    return ByTheClock
