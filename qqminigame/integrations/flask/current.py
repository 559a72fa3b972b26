"""The session of the app that handles the request, as Flask's ``current_app`` is the app."""

from typing import Final, cast

from qqminigame.dawanka import Dawanka
from qqminigame.integrations.configuration import DEFAULT_ALIAS
from qqminigame.integrations.flask.extension import sessions_of
from qqminigame.integrations.lazy import Lazy
from qqminigame.session import Session

current_session: Final = cast(Session, Lazy(Session, lambda: sessions_of()[DEFAULT_ALIAS]))
"""The default session of the current app; without an app context its use is an error."""

current_dawanka: Final = cast(Dawanka, Lazy(Dawanka, lambda: sessions_of().dawanka()))
"""The Dawanka service of the current app; without an app context its use is an error."""
