"""Logins and pay orders in Django's admin: to read, without their secrets.

No access token, session_key or openkey is in a field here. The action asks the platform, and needs
the permission ``qqminigame.settle_orderrecord``.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import lazystr
from django.utils.translation import get_language

from qqminigame.dawanka.records import order_or_none
from qqminigame.exceptions import ConfigurationError
from qqminigame.integrations.django import admin_texts, key_ids
from qqminigame.integrations.django.configured import sessions
from qqminigame.integrations.django.database_time import MICROSECONDS
from qqminigame.integrations.django.models import Kind, LoginRecord, OrderRecord, StoredText
from qqminigame.integrations.django.store import LIVING, DatabaseStore, text_of
from qqminigame.messages import Text
from qqminigame.models import PayOrder, SettleReport

T = TypeVar("T")

# What comes before a player's openid, or the game's order id.
_KEYS: Final = {
    Kind.LOGIN: re.compile(r"(?P<start>login:(?P<app>.*):)(?P<name>[^:]*)", re.DOTALL),
    Kind.ORDER: re.compile(r"(?P<start>pay:(?P<app>[^:]*:[^:]*):order:)(?P<name>.*)", re.DOTALL),
}
_OUTCOMES: Final = {
    "counted": admin_texts.COUNTED,
    "not_counted": admin_texts.NOT_COUNTED,
    "undecided": admin_texts.UNDECIDED,
    "waiting": admin_texts.WAITING,
    "failed": admin_texts.FAILED,
}


if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class _Lazy:
    """A text in the language of the request in which it is shown."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text.in_language(get_language() or "en")


def _label(text: Text) -> Any:
    return lazystr(_Lazy(text))


class ReadOnlyAdmin(_ModelAdmin):
    """Shows the living rows of one kind, by fields that hold no secret; changes nothing."""

    kind: ClassVar[Kind]
    ordering = ("-written_at",)
    show_full_result_count = False
    list_display_links = None
    # Shows the field for a search; get_search_results does it.
    search_fields = ("key_id",)

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to add a row."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to change a row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Allow nobody to delete a row."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows, from the database that the settings name."""
        rows: QuerySet[Any] = self.model._default_manager.using(_store(self.kind).alias)
        return rows.filter(kind=self.kind).filter(LIVING).order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a row by the exact openid or order id, in any app."""
        if not search_term:
            return queryset, False
        ids = [key_ids.id_of(start + search_term.strip()) for start in self._starts(queryset)]
        return queryset.filter(key_id__in=ids), False

    def _starts(self, rows: QuerySet[Any]) -> Iterator[str]:
        """Yield what comes before the openids or order ids of each app.

        Of apps whose starts have 80 bytes in common, the first one alone.
        """
        row = rows.order_by("key_id").first()
        while row is not None:
            start = self.part(row, "start")
            yield start
            row = rows.filter(key_id__gt=key_ids.ids_under(start)[1]).order_by("key_id").first()

    def part(self, row: StoredText, name: str) -> str:
        """Return a part of a row's key."""
        found = _KEYS[self.kind].fullmatch(bytes(row.key).decode())
        return "" if found is None else found[name]

    @admin.display(description=_label(admin_texts.APP))
    def app(self, row: StoredText) -> str:
        """Return the platform and the app."""
        return self.part(row, "app")

    @admin.display(description=_label(admin_texts.WRITTEN_AT), ordering="written_at")
    def written(self, row: StoredText) -> datetime:
        """Return when the row was written."""
        return _time(row.written_at / MICROSECONDS)


@admin.register(LoginRecord)
class LoginAdmin(ReadOnlyAdmin):
    """Who has a login, and since when."""

    kind = Kind.LOGIN
    list_display = fields = readonly_fields = ("app", "openid", "written", "expires", "digest")

    @admin.display(description=_label(admin_texts.OPENID))
    def openid(self, row: StoredText) -> str:
        """Return the player's openid."""
        return self.part(row, "name")

    @admin.display(description=_label(admin_texts.EXPIRES_AT), ordering="expires_at")
    def expires(self, row: StoredText) -> datetime | None:
        """Return until when the login is kept; None for good."""
        return None if row.expires_at is None else _time(row.expires_at / MICROSECONDS)

    @admin.display(description=_label(admin_texts.DIGEST))
    def digest(self, row: StoredText) -> str:
        """Return what tells this login from another of the player, and nothing else."""
        return row.fingerprint[:12]


class StateFilter(admin.SimpleListFilter):
    """Open orders, or finished ones."""

    title = _label(admin_texts.STATE)
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        return [("open", _label(admin_texts.OPEN)), ("finished", _label(admin_texts.FINISHED))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Return the rows of a state; the open ones are few, and in a list of their own."""
        if self.value() == "open":
            return queryset.filter(key_id__in=_open_ids(queryset))
        if self.value() == "finished":
            return queryset.exclude(key_id__in=_open_ids(queryset))
        return None


@admin.register(OrderRecord)
class OrderAdmin(ReadOnlyAdmin):
    """What became of each order."""

    kind = Kind.ORDER
    list_display = fields = readonly_fields = (
        *("app", "order_id", "openid", "state", "begun", "settle_from", "ended"),
        *("uses_before", "uses_left"),
    )
    list_filter = (StateFilter,)
    actions = ("settle_due",)

    @admin.display(description=_label(admin_texts.ORDER_ID))
    def order_id(self, row: StoredText) -> str:
        """Return the game's id of the order."""
        return self.part(row, "name")

    @admin.display(description=_label(admin_texts.OPENID))
    def openid(self, row: StoredText) -> str | None:
        """Return the player's openid."""
        return _of(row, lambda order: order.openid)

    @admin.display(description=_label(admin_texts.STATE))
    def state(self, row: StoredText) -> Any:
        """Return whether the outcome is known."""
        return _of(row, lambda order: _STATES[order.state])

    @admin.display(description=_label(admin_texts.BEGUN_AT))
    def begun(self, row: StoredText) -> datetime | None:
        """Return when the report was started."""
        return _of(row, lambda order: _time(order.begun_at))

    @admin.display(description=_label(admin_texts.SETTLE_FROM))
    def settle_from(self, row: StoredText) -> datetime | None:
        """Return from when an open order can be settled."""
        return _of(row, lambda order: None if order.report else _time(order.settle_from))

    @admin.display(description=_label(admin_texts.ENDED_AT))
    def ended(self, row: StoredText) -> datetime | None:
        """Return when the outcome was recorded."""
        return _of(row, lambda order: None if order.ended_at is None else _time(order.ended_at))

    @admin.display(description=_label(admin_texts.USES_BEFORE))
    def uses_before(self, row: StoredText) -> int | None:
        """Return the player's uses before the report."""
        return _of(row, lambda order: order.uses_before)

    @admin.display(description=_label(admin_texts.USES_LEFT))
    def uses_left(self, row: StoredText) -> int | None:
        """Return the player's uses after the report."""
        return _of(row, lambda order: None if order.report is None else order.report.left)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may settle orders."""
        user: Any = request.user  # a project's own user class may have no has_perm
        return bool(user.has_perm("qqminigame.settle_orderrecord"))

    @admin.action(description=_label(admin_texts.SETTLE), permissions=["settle"])
    def settle_due(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Settle what can be settled without the players, and say what became of it."""
        selected = {self.order_id(row) for row in queryset}
        for report in _sweeps():
            selected -= {end.order.order_id for end in report.orders}
            for text in _in_words(report):
                self.message_user(request, _shown(text))
        if selected:
            text = admin_texts.NOT_DUE.of(orders=_listed(selected))
            self.message_user(request, _shown(text), messages.WARNING)


_STATES: Final = {"open": _label(admin_texts.OPEN), "finished": _label(admin_texts.FINISHED)}


def _sweeps() -> Iterator[SettleReport]:
    """Settle the due orders of each alias that has the game hall."""
    for alias in sessions.aliases:
        try:
            dawanka = sessions.dawanka(alias)
        except ConfigurationError:
            continue
        yield dawanka.settle_due()


def _in_words(report: SettleReport) -> Iterator[Text]:
    for outcome, text in _OUTCOMES.items():
        ends = [end.order.order_id for end in report.orders if end.outcome == outcome]
        if ends:
            yield text.of(orders=_listed(ends))
    if report.stopped_because is not None:
        yield admin_texts.STOPPED.of(failure=report.stopped_because.text)


def _listed(orders: Iterable[str]) -> str:
    return ", ".join(sorted(orders))


def _shown(text: Text) -> str:
    return str(_Lazy(text))


def _of(row: StoredText, read: Callable[[PayOrder], T]) -> T | None:
    """Return something of a row's order; None for a text that is unreadable."""
    order = order_or_none(text_of(row.text, row.is_encrypted))
    return None if order is None else read(order)


def _open_ids(orders: QuerySet[Any]) -> list[str]:
    """Return the ids of the rows of open orders.

    An order is open if a copy of it is in the list of open ones, and is still the same.
    """
    copies = StoredText.objects.using(orders.db).filter(LIVING, kind=Kind.OPEN_ORDER)
    listed = {_id_of_order(row): row.fingerprint for row in copies}
    found = orders.filter(key_id__in=listed).values_list("key_id", "fingerprint")
    return [key_id for key_id, fingerprint in found if fingerprint == listed[key_id]]


def _id_of_order(copy: StoredText) -> str:
    start = bytes(copy.key).decode().partition(":open:")[0]
    return key_ids.id_of(f"{start}:order:{_of(copy, lambda order: order.order_id)}")


def _store(kind: Kind) -> DatabaseStore:
    """Return the store that the settings name for a kind; the first of all aliases'."""
    for alias in sessions.aliases:
        configuration = sessions.configuration(alias)
        logins, orders = configuration.arguments.get("store"), configuration.orders
        store = logins if kind is Kind.LOGIN else orders
        if isinstance(store, DatabaseStore):
            return store
    return DatabaseStore()


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
