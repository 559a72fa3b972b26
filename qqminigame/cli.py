"""The commands of ``python -m qqminigame``."""

import sys
from typing import Final

import click

from qqminigame import demo
from qqminigame.sandbox import Sandbox
from qqminigame.version import __version__

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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Server-side client for mini games, and a platform on this machine to try it on."""


@main.command("demo")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Another seed, another player."
)
def demo_command(seed: int) -> None:
    """Play a whole story against a local platform; the exit status tells if all went well."""
    sys.exit(0 if demo.play(seed) else 1)


@main.command("sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8787, show_default=True, help="Port; 0 takes a free one.")
@click.option("--seed", type=int, help="Hand out the same ids and tokens in every run.")
@click.option("--token-seconds", default=7200, show_default=True, help="Life of an access token.")
@click.option(
    "--overlap-seconds",
    type=float,
    help="How long the token before the newest lives on; a random time of up to 300 if not given.",
)
@click.option(
    "--ranking-key",
    "ranking_keys",
    multiple=True,
    help="A key whose value must be a ranking value (Douyin); may be given more than once.",
)
def sandbox_command(
    host: str,
    port: int,
    seed: int | None,
    token_seconds: int,
    overlap_seconds: float | None,
    ranking_keys: tuple[str, ...],
) -> None:
    """Run the platform on this machine until Ctrl-C."""
    sandbox = Sandbox(
        host=host,
        port=port,
        seed=seed,
        token_seconds=token_seconds,
        overlap_seconds=overlap_seconds,
        ranking_keys=ranking_keys,
    )
    try:
        sandbox.serve_forever(ready=lambda: _welcome(sandbox))
    except OSError as error:
        raise click.ClickException(error.strerror or str(error)) from None


def _welcome(sandbox: Sandbox) -> None:
    click.echo(
        _WELCOME.format(
            url=sandbox.url,
            app_id=sandbox.app_id,
            app_secret=sandbox.app_secret,
            hall_app_id=sandbox.hall_app_id,
            app_key=sandbox.app_key,
        )
    )
