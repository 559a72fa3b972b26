"""The calls that the game's pages make.

None of them handles an error of the platform: the middleware answers each with its status and a
sentence for the player (docs/responses.rst).
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from game import offers, rounds
from game.calls import Posted, call, player, token_for
from game.models import Purchase, Score
from qqminigame import CloudStorage, DawankaInfo, HallLogin, InteractiveData, Login
from qqminigame.integrations.django import dawanka, session

# The keys are configured in the platform's console.
RANKING = "rank"
WISH = "1"


@call
def login(request: HttpRequest, posted: Posted) -> dict[str, Any]:
    """Log the player in with the code that the platform's app gave the page."""
    state = Login(session).code2session(posted.get("code", ""))
    best = Score.objects.filter(openid=state.openid).values_list("best", flat=True).first()
    return {"token": token_for(state), "best": best}


@call
def start_round(request: HttpRequest, posted: Posted) -> dict[str, Any]:
    """Start a round."""
    return {"round": rounds.start(player(request)), "seconds": settings.ROUND_SECONDS}


@call
def score(request: HttpRequest, posted: Posted) -> dict[str, Any]:
    """Record the stars of a round, and store the player's best score for the rankings."""
    openid = player(request)
    stars = rounds.check(openid, posted.get("round"), posted.get("stars"))
    # Ours first: if the platform is busy now, the nightly job makes up for it.
    best = Score.record(openid, stars)
    CloudStorage(session).set_score(openid, RANKING, best.best, update_time=best.reached_at)
    return {"best": best.best}


@call
def wish(request: HttpRequest, posted: Posted) -> dict[str, Any]:
    """Show the player's friends, or no longer, that a gift would be welcome."""
    InteractiveData(session).set(player(request), {WISH: int(posted.get("on") is True)})
    return {}


@call
def hall(request: HttpRequest, posted: Posted) -> dict[str, Any]:
    """Show a player of the game hall the privileges, and an offer if there is a bonus left."""
    hall_login = HallLogin.from_query(posted)
    info = dawanka.get_info(hall_login)
    return {
        "level": info.level.name.replace("_", " ").capitalize(),
        "level_name": info.level.chinese,
        "discount": info.discount,
        "offer": offers.make(hall_login.openid, info) if info.has_bonus_left else None,
        **_account(hall_login.openid, info),
    }


@call
def buy(request: HttpRequest, posted: Posted) -> dict[str, Any]:
    """Sell what was offered, with the player's bonus.

    If nobody knows whether the bonus was counted, the answer is 409 and the purchase stays open
    until the command ``settle`` has found out.
    """
    hall_login = HallLogin.from_query(posted)
    offer = offers.read(hall_login.openid, posted.get("offer"))
    Purchase.objects.get_or_create(order_id=offer["order_id"], defaults=offer)
    report = dawanka.report_pay_if_left(hall_login, offer["order_id"])
    if report is not None:
        Purchase.grant(offer["order_id"])
    return {"granted": report is not None}


def _account(openid: str, info: DawankaInfo) -> dict[str, Any]:
    left = None if info.is_unlimited else info.pay_return_count
    return {"uses_left": left, "gems": Purchase.gems_of(openid)}
