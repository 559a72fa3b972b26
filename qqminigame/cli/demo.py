"""``python -m qqminigame demo``: one story, played by the client against the sandbox."""

import re
from typing import Any, Final

from attrs import field, frozen
from rich.console import Console
from rich.text import Text

from qqminigame.cloud_storage import CloudStorage
from qqminigame.dawanka import Dawanka
from qqminigame.exceptions import (
    InvalidArgumentError,
    PlatformError,
    QQMiniGameError,
    StorageLimitError,
)
from qqminigame.interactive_data import InteractiveData
from qqminigame.login import Login
from qqminigame.models import DawankaLevel, HallLogin
from qqminigame.sandbox import Sandbox
from qqminigame.session import Session

_SHOWN: Final = 150


@frozen
class _Step:
    """One line of a user's program.

    Attributes:
        title: What it does.
        code: The expression; what is shown is what is run.
        name: What its value is called from then on.
        refusal: The error it has to end with; None where it has to succeed.
    """

    title: str
    code: str
    name: str = ""
    refusal: type[QQMiniGameError] | None = field(default=None, kw_only=True)


_STORY: Final = (
    _Step("The player logs in", "Login(session).code2session(js_code)", "login"),
    _Step("Store score and gold", 'storage.set(login, {"score": "100", "gold": "3000"})'),
    _Step("Store a ranking value", 'storage.set_score(login.openid, "rank", 100, level=7)'),
    _Step("Remove the gold", 'storage.remove(login, ["gold"])'),
    _Step("Set interactive data", 'InteractiveData(session).set(login, {"1": 1})'),
    _Step("Get the player's Dawanka privileges", "dawanka.get_info(hall_login)", "info"),
    _Step("Report a bonus use", "dawanka.report_pay(hall_login)", "report"),
    _Step(
        "129 pairs: refused here",
        'storage.set(login, {f"key{n}": "1" for n in range(129)})',
        refusal=InvalidArgumentError,
    ),
    _Step(
        "A key of 129 bytes, in 43 characters: refused here",
        'storage.set(login, {"分" * 43: "1"})',
        refusal=InvalidArgumentError,
    ),
    _Step(
        "A pair of 1025 bytes: refused here",
        'storage.set(login, {"name": "x" * 1021})',
        refusal=InvalidArgumentError,
    ),
    _Step(
        "128 pairs, with two already stored: refused by the platform",
        'storage.set(login, {f"key{n}": "1" for n in range(128)})',
        refusal=StorageLimitError,
    ),
)


def play(seed: int, console: Console | None = None) -> bool:
    """Play the story and print it.

    Args:
        seed: Of the sandbox; the same player and tokens for the same seed.
        console: Where to print; None for the terminal.

    Returns:
        Whether every step ended as it has to.
    """
    with Sandbox(seed=seed) as sandbox:
        return _Stage(sandbox, console or Console(highlight=False, soft_wrap=True)).play()


class _Stage:
    """The sandbox, the client's objects by name, and the place to print."""

    def __init__(self, sandbox: Sandbox, console: Console) -> None:
        self._sandbox = sandbox
        self._console = console
        self._seen = 0
        session = Session(
            sandbox.app_id,
            app_secret=sandbox.app_secret,
            hall_app_id=sandbox.hall_app_id,
            app_key=sandbox.app_key,
            base_url=sandbox.url,
            store="memory:",
        )
        openid, openkey = sandbox.hall_login(
            level=DawankaLevel.DAWANKA.value, score=520, discount=20, pay_return_count=3
        )
        self._names: dict[str, Any] = {
            "InteractiveData": InteractiveData,
            "Login": Login,
            "session": session,
            "storage": CloudStorage(session),
            "dawanka": Dawanka(session),
            "js_code": sandbox.js_code(),
            "hall_login": HallLogin(openid=openid, openkey=openkey),
        }

    def play(self) -> bool:
        """Play all steps, then compare what the platform has stored."""
        self._print("A mini game's back end and the sandbox, on this machine", "bold")
        self._print(f"Sandbox running at {self._sandbox.url}; secrets are shown as ***.", "dim")
        wrong = [step.title for step in _STORY if not self._run(step)]
        state = self._sandbox.state()
        player = state["players"][self._names["login"].openid]
        if sorted(player["storage"]) != ["rank", "score"] or player["interactive"] != {"1": 1}:
            wrong.append("what the platform has stored")
        self._print("\nWhat the platform has stored", "bold")
        self._print(f"  storage      {player['storage']}")
        self._print(f"  interactive  {player['interactive']}")
        fetches, requests = state["token_fetches"], self._seen
        self._print(f"{requests} requests, {fetches} of them to fetch the access token.", "dim")
        for title in wrong:
            self._print(f"FAILED: {title}", "bold red")
        return not wrong

    def _run(self, step: _Step) -> bool:
        number, seen = _STORY.index(step) + 1, self._seen
        self._print(f"\n{number:2}  {step.title}", "bold")
        shown = f"{step.name} = {step.code}" if step.name else step.code
        self._print(f"    >>> {shown}", "cyan")
        value, failure = None, None
        try:
            # The code is a constant of this file.
            value = eval(step.code, dict(self._names))  # noqa: S307 - its own code
        except QQMiniGameError as error:
            failure = error
        self._print_traffic()
        if failure is not None:
            self._print_failure(failure)
        elif value is not None:
            self._print(f"    {value!r}")
        if step.name:
            self._names[step.name] = value
        if step.refusal is None:
            return failure is None
        sent = self._seen > seen
        return isinstance(failure, step.refusal) and sent is (failure.sent is not False)

    def _print_traffic(self) -> None:
        for entry in self._sandbox.log()[self._seen :]:
            self._seen += 1
            query = "&".join(f"{name}={value}" for name, value in entry["query"].items())
            self._print(f"      → {entry['method']} {entry['path']}?{_masked(query)}", "dim")
            if entry["body"]:
                self._print(f"        {_short(entry['body'])}", "dim")
            self._print(f"      ← {entry['status']} {_masked(_short(entry['reply']))}", "dim")

    def _print_failure(self, failure: QQMiniGameError) -> None:
        self._print(f"    {type(failure).__name__}", "yellow")
        if isinstance(failure, InvalidArgumentError):
            for problem in failure.problems:
                code = f" (the platform's code {int(problem.code)})" if problem.code else ""
                self._print(f"      {problem}{code}")
            self._print("      nothing was sent")
        elif isinstance(failure, PlatformError):
            self._print(f"      {failure.english}\n      {failure.chinese}")
        else:
            self._print(f"      {failure}")

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style))


def _masked(text: str) -> str:
    # The sandbox's log shows the end of a long secret; here nothing of it helps.
    return re.sub(r'[*]{3}[^&"]*', "***", text)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
