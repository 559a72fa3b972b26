"""``qqminigame sandbox`` and ``qqminigame demo``: the platform on this machine."""

import importlib
from types import ModuleType
from typing import Any, Final

import click

from qqminigame.cli import texts
from qqminigame.cli.bilingual import Command
from qqminigame.cli.exits import Exit
from qqminigame.cli.options import option
from qqminigame.exceptions import ConfigurationError

_PLATFORMS: Final = ("qq", "douyin", "wechat")
_WELCOME: Final = """\
The platform is at {url}; Ctrl-C ends it. For Session.from_env():

  export QQMINIGAME_BASE_URL={url}
  export QQMINIGAME_APP_ID={app_id}
  export QQMINIGAME_APP_SECRET={app_secret}
  export QQMINIGAME_HALL_APP_ID={hall_app_id}
  export QQMINIGAME_APP_KEY={app_key}

Behind the scenes:

  a player's js_code   curl -d '{{"platform": "qq"}}' {url}/_sandbox/js_code
  a hall player        curl -d '{{"level": 1, "pay_return_count": 3}}' {url}/_sandbox/hall_login
  what is stored       curl {url}/_sandbox/state
  what was asked       curl {url}/_sandbox/log
  an hour later        curl -d '{{"advance": 3600}}' {url}/_sandbox/clock
  a game's page        <script src="{url}/_sandbox/mini.js"></script>
  busy, twice          curl -d '{{"kind": "busy", "times": 2}}' {url}/_sandbox/faults
"""


@click.command(cls=Command, help=str(texts.DEMO))
@option("--seed", type=int, default=1, text=texts.DEMO_SEED_OPTION)
def demo(seed: int) -> Exit:
    """Run the demo."""
    return Exit.DONE if _loaded("qqminigame.cli.demo").play(seed) else Exit.BUG


@click.command(cls=Command, help=str(texts.SANDBOX))
@option("--host", default="127.0.0.1", text=texts.HOST_OPTION)
@option("--port", default=8787, text=texts.PORT_OPTION)
@option("--seed", type=int, text=texts.SEED_OPTION)
@option("--token-seconds", default=7200, text=texts.TOKEN_SECONDS_OPTION)
@option("--overlap-seconds", type=float, text=texts.OVERLAP_OPTION)
@option("--session-seconds", type=float, text=texts.SESSION_SECONDS_OPTION)
@option(
    "--fetches-a-day",
    type=(click.Choice(_PLATFORMS), click.IntRange(0)),
    metavar="PLATFORM COUNT",
    multiple=True,
    text=texts.FETCHES_OPTION,
)
@option("--allowed-ip", "allowed_ips", multiple=True, text=texts.ALLOWED_IP_OPTION)
@option("--total-bytes", type=click.IntRange(0), default=131_072, text=texts.TOTAL_BYTES_OPTION)
@option("--ranking-key", "ranking_keys", multiple=True, text=texts.RANKING_KEY_OPTION)
@option("--awkward", is_flag=True, text=texts.AWKWARD_OPTION)
@option("--app-id", default="1110766236", text=texts.APP_ID_OPTION)
@option("--hall-app-id", default="1104466820", text=texts.HALL_APP_ID_OPTION)
def sandbox(
    fetches_a_day: tuple[tuple[str, int], ...], allowed_ips: tuple[str, ...], **arguments: Any
) -> None:
    """Run the platform until Ctrl-C."""
    server = _loaded("qqminigame.sandbox").Sandbox(
        fetches_a_day=dict(fetches_a_day), allowed_ips=allowed_ips or None, **arguments
    )
    try:
        server.serve_forever(ready=lambda: click.echo(_welcome(server)))
        return
    except OSError as error:
        reason = error.strerror or str(error)
    raise ConfigurationError(texts.NO_SANDBOX.of(reason=reason))


def _loaded(module: str) -> ModuleType:
    """Return a module that needs the extra ``sandbox``.

    Raises:
        ConfigurationError: The extra is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name
    raise ConfigurationError(texts.NO_EXTRA.of(package=missing, extra="sandbox"))


def _welcome(server: Any) -> str:
    return _WELCOME.format(
        url=server.url,
        app_id=server.app_id,
        app_secret=server.app_secret,
        hall_app_id=server.hall_app_id,
        app_key=server.app_key,
    )
