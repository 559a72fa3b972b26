"""``qqminigame dawanka``."""

from typing import Any, Final

import click

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command, Group
from qqminigame.cli.dry import NothingSentError
from qqminigame.cli.exits import Exit, exit_of
from qqminigame.cli.options import Run, asking, changing, option, secret
from qqminigame.cli.output import clock, shown, table
from qqminigame.cli.usage import BadUsageError
from qqminigame.messages import Text
from qqminigame.models import DawankaInfo, DueOrder, HallLogin, PayOrder, PayReport

dawanka: Final[Group] = Group("dawanka", help=str(texts.DAWANKA))

_DUE_AT_ONCE: Final = 100
_ENDS: Final = {
    "counted": texts.DUE_COUNTED,
    "not_counted": texts.DUE_NOT_COUNTED,
    "waiting": texts.DUE_WAITING,
}
_USERIP: Final = option("--userip", metavar="ADDRESS", text=texts.USERIP_OPTION)


@dawanka.command(cls=Command, help=str(texts.DAWANKA_INFO))
@click.argument("openid")
@_USERIP
@asking
def info(run: Run, openid: str, userip: str | None) -> None:
    """Show a player's privileges."""
    player = _player(openid, userip)
    with run.session("app_key") as session:
        values = _info(openid, run.dawanka(session).get_info(player))
    run.output.data(values, table(values))


@dawanka.command(cls=Command, help=str(texts.DAWANKA_REPORT))
@click.argument("openid")
@click.argument("order_id")
@option("--if-left", is_flag=True, text=texts.IF_LEFT_OPTION)
@_USERIP
@changing
def report(run: Run, openid: str, order_id: str, if_left: bool, userip: str | None) -> None:
    """Report that a bonus was used."""
    player = _player(openid, userip)
    with run.session("app_key") as session:
        service = run.dawanka(session)
        call = service.report_pay_if_left if if_left else service.report_pay
        try:
            answer = call(player, order_id)
        except NothingSentError as unsent:
            run.would_send(unsent)
            return
    run.output.data(_counted(openid, order_id, answer), _outcome(answer))


@dawanka.command(cls=Command, help=str(texts.DAWANKA_SETTLE))
@click.argument("openid", required=False)
@click.argument("order_id", required=False)
@option("--due", is_flag=True, text=texts.DUE_OPTION)
@option("--limit", type=click.IntRange(min=1), text=texts.DUE_LIMIT_OPTION)
@option("--counted/--not-counted", "counted", default=None, text=texts.COUNTED_OPTION)
@_USERIP
@asking
def settle(
    run: Run,
    openid: str | None,
    order_id: str | None,
    due: bool,
    limit: int | None,
    counted: bool | None,
    userip: str | None,
) -> Exit:
    """Close an order whose outcome is unknown, or all that are due."""
    if due:
        if openid is not None or counted is not None or userip is not None:
            raise BadUsageError(texts.ORDER_AND_DUE)
        return _settle_due(run, limit or _DUE_AT_ONCE)
    if openid is None or order_id is None or limit is not None:
        raise BadUsageError(texts.ORDER_OR_DUE)
    player = _player(openid, userip)
    with run.session("app_key") as session:
        answer = run.dawanka(session).settle(player, order_id, happened=counted)
    run.output.data(_counted(openid, order_id, answer), _outcome(answer))
    return Exit.DONE


def _settle_due(run: Run, limit: int) -> Exit:
    with run.session("app_key") as session:
        report = run.dawanka(session).settle_due(limit)
    for end in report.orders:
        _print_end(run, end)
    if report.stopped_because is not None:
        raise report.stopped_because
    codes = [exit_of(end.error) for end in report.orders if end.error is not None]
    if Exit.OUTCOME_UNKNOWN in codes:
        return Exit.OUTCOME_UNKNOWN
    return codes[0] if codes else Exit.DONE


def _print_end(run: Run, end: DueOrder) -> None:
    """Print what became of an order: to a program always, to cron only what went wrong."""
    order_id, report, error = end.order.order_id, end.report, end.error
    values = {
        "order_id": order_id,
        "openid": end.order.openid,
        "outcome": end.outcome,
        "use": None if report is None else report.use,
        "left": None if report is None else report.left,
        "english": None if error is None else error.english,
        "chinese": None if error is None else error.chinese,
    }
    if error is None:
        run.output.done(values, _ENDS[end.outcome].of(order_id=order_id))
    else:
        failure = Text(error.english, error.chinese)
        run.output.failed(values, texts.DUE_FAILED.of(order_id=order_id, failure=failure))


@dawanka.command(cls=Command, help=str(texts.DAWANKA_ORDERS))
@option("--state", type=click.Choice(["open", "finished"]), text=texts.STATE_OPTION)
@option("--limit", type=click.IntRange(min=1), text=texts.LIMIT_OPTION)
@asking
def orders(run: Run, state: Any, limit: int | None) -> None:
    """List recorded orders."""
    with run.session("app_key") as session:
        for order in run.dawanka(session).orders(state, limit):
            run.output.data(_order(order), _line(order))


def _player(openid: str, userip: str | None) -> HallLogin:
    return HallLogin(openid=openid, openkey=secret("openkey"), userip=userip)


def _info(openid: str, info: DawankaInfo) -> dict[str, Any]:
    return {
        "openid": openid,
        "level": info.level.value,
        "level_name": info.level.name.lower(),
        "score": info.score,
        "binding": info.binding,
        "discount": info.discount,
        "pay_return_count": info.pay_return_count,
        "is_using_card": info.is_using_card,
        "real_level": None if info.real_level is None else info.real_level.value,
        "card_expire_ts": info.card_expire_ts,
    }


def _counted(openid: str, order_id: str, report: PayReport | None) -> dict[str, Any]:
    return {
        "openid": openid,
        "order_id": order_id,
        "counted": report is not None,
        "use": None if report is None else report.use,
        "left": None if report is None else report.left,
    }


def _outcome(report: PayReport | None) -> str:
    if report is None:
        return str(texts.NOT_COUNTED)
    return str(texts.COUNTED.of(left="?" if report.left is None else report.left))


def _line(order: PayOrder) -> str:
    left = None if order.report is None else order.report.left
    cells = (order.order_id, order.openid, order.state, clock(order.begun_at), left)
    return "\t".join(map(shown, cells))


def _order(order: PayOrder) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "openid": order.openid,
        "state": order.state,
        "begun_at": order.begun_at,
        "settle_from": order.settle_from,
        "ended_at": order.ended_at,
        "use": None if order.report is None else order.report.use,
        "left": None if order.report is None else order.report.left,
        "has_openkey": order.has_openkey,
    }
