"""The calls that the game's pages make.

None of them handles an error of the platform: register_error_handlers has each answered with its
status and a sentence for the player (docs/responses.rst).
"""

from typing import Any

from flask import Blueprint, current_app

from qqminigame import CloudStorage, DawankaInfo, HallLogin, InteractiveData, Login
from qqminigame.integrations.flask import current_dawanka, current_session
from stars import offers, records, rounds
from stars.players import player, posted, token_for

blueprint = Blueprint("calls", __name__, url_prefix="/api")

# The keys are configured in the platform's console.
RANKING = "rank"
WISH = "1"


@blueprint.post("/login")
def login() -> dict[str, Any]:
    """Log the player in with the code that the platform's app gave the page."""
    state = Login(current_session).code2session(posted().get("code", ""))
    return {"token": token_for(state), "best": records.best_score(state.openid)}


@blueprint.post("/round")
def start_round() -> dict[str, Any]:
    """Start a round."""
    return {"round": rounds.start(player()), "seconds": current_app.config["ROUND_SECONDS"]}


@blueprint.post("/score")
def score() -> dict[str, Any]:
    """Record the stars of a round, and store the player's best score for the rankings."""
    openid, body = player(), posted()
    stars = rounds.check(openid, body.get("round"), body.get("stars"))
    # Ours first: if the platform is busy now, the nightly job makes up for it.
    best, reached_at = records.record_score(openid, stars)
    CloudStorage(current_session).set_score(openid, RANKING, best, update_time=reached_at)
    return {"best": best}


@blueprint.post("/wish")
def wish() -> dict[str, Any]:
    """Show the player's friends, or no longer, that a gift would be welcome."""
    on = posted().get("on") is True
    InteractiveData(current_session).set(player(), {WISH: int(on)})
    return {}


@blueprint.post("/hall")
def hall() -> dict[str, Any]:
    """Show a player of the game hall the privileges, and an offer if there is a bonus left."""
    hall_login = HallLogin.from_query(posted())
    info = current_dawanka.get_info(hall_login)
    return {
        "level": info.level.name.replace("_", " ").capitalize(),
        "level_name": info.level.chinese,
        "discount": info.discount,
        "offer": offers.make(hall_login.openid, info) if info.has_bonus_left else None,
        **_account(hall_login.openid, info),
    }


@blueprint.post("/hall/buy")
def buy() -> dict[str, Any]:
    """Sell what was offered, with the player's bonus.

    If nobody knows whether the bonus was counted, the answer is 409 and the purchase stays open
    until the command ``settle`` has found out.
    """
    body = posted()
    hall_login = HallLogin.from_query(body)
    offer = offers.check(hall_login.openid, body.get("offer"))
    records.open_purchase(**offer)
    report = current_dawanka.report_pay_if_left(hall_login, offer["order_id"])
    if report is not None:
        records.grant(offer["order_id"])
    return {"granted": report is not None}


def _account(openid: str, info: DawankaInfo) -> dict[str, Any]:
    left = None if info.is_unlimited else info.pay_return_count
    return {"uses_left": left, "gems": records.gems_of(openid)}
