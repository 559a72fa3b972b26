"""Dawanka: the game hall's privileges for players who pay."""

from qqminigame import validation
from qqminigame.models import DawankaInfo, DawankaLevel, HallLogin, PayReport
from qqminigame.platforms.qqgame import PF
from qqminigame.session import Session
from qqminigame.wire import Result


class Dawanka:
    """Asks for a player's Dawanka privileges and reports that a bonus was used."""

    def __init__(self, session: Session) -> None:
        """Use a session; it needs the app_key and the hall's own app id.

        Raises:
            ConfigurationError: The session has no app_key, or the platform no Dawanka.
        """
        platform = session.platform
        self._session = session
        self._get_info = session.endpoint(platform.get_dawanka, "Dawanka")
        self._report_pay = session.endpoint(platform.report_dawanka, "Dawanka")

    def get_info(self, hall_login: HallLogin, version: int = 2) -> DawankaInfo:
        """Ask for a player's level, score and privileges.

        Args:
            hall_login: The player, as the hall's query names them.
            version: 2 for all levels; 1 for the older data, which knows only
                ``DawankaLevel.DAWANKA`` and ``SUPER_DAWANKA``.

        Raises:
            InvalidArgumentError: An argument is wrong; nothing was sent.
            LoginExpiredError: The openkey is not valid any more.
            SignatureError: The app_key is wrong.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        problems: validation.Problems = []
        validation.check_hall_login(hall_login, PF, problems)
        validation.check_integer(version, 1, 2, "version", problems)
        validation.refuse("Dawanka.get_info", problems)
        return self._session.call(self._get_info, {"version": str(version)}, hall_login, _info)

    def report_pay(self, hall_login: HallLogin) -> PayReport:
        """Report that the player used a bonus; it takes one use away.

        The platform knows no order numbers: each success takes a use, so this call is never
        repeated once it may have been received. Ask :attr:`DawankaInfo.has_bonus_left` before.

        Args:
            hall_login: The player, as the hall's query names them.

        Raises:
            InvalidArgumentError: The login is wrong; nothing was sent.
            OutcomeUnknownError: It may or may not have been counted; :meth:`get_info` before and
                after tells.
            TransportError: It certainly never went out.
            LoginExpiredError: The openkey is not valid any more.
            SignatureError: The app_key is wrong.
            QQMiniGameError: Any other failure, see :mod:`qqminigame.exceptions`.

        Source: https://open.qqgame.qq.com/wiki/24/255/257/257.html
        """
        problems: validation.Problems = []
        validation.check_hall_login(hall_login, PF, problems)
        validation.refuse("Dawanka.report_pay", problems)
        return self._session.call(self._report_pay, {}, hall_login, _report)


def _report(result: Result) -> PayReport:
    return PayReport(use=result.integer("use"), left=result.integer("left"))


def _info(result: Result) -> DawankaInfo:
    using_card = result.boolean("isUsingCard") if "isUsingCard" in result.fields else False
    # The page writes CardExpireTs, among fields that all start with a small letter.
    expiry = "CardExpireTs" if "CardExpireTs" in result.fields else "cardExpireTs"
    return DawankaInfo(
        score=result.integer("score"),
        level=_level(result, "level"),
        binding=result.boolean("binding"),
        discount=result.integer("discount"),
        pay_return_count=result.integer("payReturnCount"),
        is_using_card=using_card,
        real_level=_level(result, "realLevel") if "realLevel" in result.fields else None,
        card_expire_ts=result.integer(expiry) if expiry in result.fields else None,
    )


def _level(result: Result, name: str) -> DawankaLevel:
    number = result.integer(name)
    level = next((level for level in DawankaLevel if level.value == number), None)
    if level is None:
        result.refuse(name)
    return level
