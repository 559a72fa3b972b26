"""All that is known of an error, in lines to look at. Pure."""

from qqminigame.exceptions import InvalidArgumentError, PlatformError, QQMiniGameError

_SENT = {
    True: "the platform, or something in front of it, answered",
    False: "nothing was sent",
    None: "it may have been received; no answer came",
}


def explanation(error: QQMiniGameError) -> str:
    """Return what an error says, what was sent, and what was signed with secrets masked."""
    lines = [f"{type(error).__name__}: {error}", f"how far it got: {_SENT[error.sent]}"]
    if error.attempts:
        lines.append(f"attempts: {error.attempts}")
    if isinstance(error, InvalidArgumentError):
        lines += [f"- {problem}" for problem in error.problems]
    if isinstance(error, PlatformError) and error.signed:
        lines += ["what was signed:", f"  {error.signed}"]
    return "\n".join(lines)
