"""Statements in the store's database: bounded in time, outside transactions, failing in words."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from attrs import frozen
from django.core.exceptions import SynchronousOnlyOperation
from django.db import Error, IntegrityError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from qqminigame.exceptions import StoreError
from qqminigame.integrations.django import connections, store_texts
from qqminigame.integrations.django.database_errors import Failure, failure_of

T = TypeVar("T")

_LONGEST_PAUSE_SECONDS: Final = 0.02


@frozen
class Statements:
    """Runs the statements of one operation, all of them within its time.

    Each may be run twice: if the answer of the first time was lost, or another transaction was in
    the way. So it has to do the same the second time.

    Attributes:
        alias: The database.
        ends: When the operation has to be over, by time.monotonic.
    """

    alias: str
    ends: float

    def run(self, statement: Callable[[], T]) -> T:
        """Return what a statement returns.

        Raises:
            StoreError: The database cannot be used, is in a transaction, or takes too long.
            ConfigurationError: The settings do not have the database.
            IntegrityError: There is such a row already.
        """
        may_reconnect = True
        while True:
            outcome = self._attempt(statement)
            if not isinstance(outcome, Failure):
                return outcome
            if outcome.is_conflict and self._left() > 0:
                time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - no secret
            elif outcome.is_broken and may_reconnect:
                may_reconnect = False
            else:
                raise StoreError(outcome.text)

    def _attempt(self, statement: Callable[[], T]) -> T | Failure:
        left = self._left()
        if left <= 0:
            return Failure(text=store_texts.TOO_SLOW.of(alias=self.alias))
        connection = connections.connection_of(self.alias)
        try:
            connections.refresh(connection)
            with _bounded(connection, left):
                return statement()
        except IntegrityError:
            raise
        except SynchronousOnlyOperation:
            failure = Failure(text=store_texts.IN_EVENT_LOOP.of(alias=self.alias))
        except Error as error:
            failure = failure_of(error, connection)
        if failure.is_broken:
            connections.close(connection)
        return failure

    def _left(self) -> float:
        return self.ends - time.monotonic()


@contextlib.contextmanager
def _bounded(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Run a statement in a transaction of its own, for some seconds at most.

    Raises:
        StoreError: The connection is in a transaction already.
    """
    if connection.in_atomic_block:
        with _in_test_case(connection):
            yield
    elif not connection.get_autocommit():
        raise StoreError(store_texts.IN_TRANSACTION.of(alias=connection.alias))
    else:
        with _LIMITS.get(connection.vendor, _unlimited)(connection, seconds):
            yield


@contextlib.contextmanager
def _in_test_case(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Go on in the transaction that Django's TestCase puts around each test, and in no other.

    Django makes that difference for durable blocks, and for nothing else.
    """
    is_alone = True
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(transaction.atomic(using=connection.alias, durable=True))
        except RuntimeError:
            is_alone = False
        if not is_alone:
            raise StoreError(store_texts.IN_TRANSACTION.of(alias=connection.alias))
        yield


@contextlib.contextmanager
def _limit_postgresql(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        # Until the end of the transaction, whatever pools of connections are in between.
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [_milliseconds(seconds)])
        yield


@contextlib.contextmanager
def _limit_mysql(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Limit a statement on MariaDB; MySQL has a limit for SELECT alone."""

    def limited(
        execute: Callable[..., Any], sql: str, params: object, many: bool, context: dict[str, Any]
    ) -> object:
        limit = f"SET STATEMENT max_statement_time={max(seconds, 0.001):.3f} FOR "
        return execute(limit + sql, params, many, context)

    if getattr(connection, "mysql_is_mariadb", False):
        with connection.execute_wrapper(limited):
            yield
    else:
        yield


@contextlib.contextmanager
def _limit_sqlite(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Limit the wait for other connections' locks."""
    usual = connection.settings_dict["OPTIONS"].get("timeout", 5.0)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {_milliseconds(seconds)}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {_milliseconds(usual)}")


@contextlib.contextmanager
def _unlimited(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    yield


_LIMITS: Final = {
    "postgresql": _limit_postgresql,
    "mysql": _limit_mysql,
    "sqlite": _limit_sqlite,
}


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))
