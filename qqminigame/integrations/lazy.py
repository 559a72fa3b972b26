"""Stand-ins for what the settings describe, at hand before the settings are read."""

import copy
from collections.abc import Callable
from typing import Any

from qqminigame.exceptions import ConfigurationError


class Lazy:
    """Passes everything on to what a function returns at that moment.

    Unlike Django's ``SimpleLazyObject`` it keeps nothing, so that it follows changed settings.
    ``isinstance`` takes it for an instance of the type that it stands for, and does not call the
    function: Flask asks every name of a module so whether it is the app.
    """

    def __init__(self, kind: type, find: Callable[[], object]) -> None:
        """Create it; the function is not called yet.

        Args:
            kind: The type of what it stands for.
            find: Returns what it stands for.
        """
        self.__dict__.update(_kind=kind, _find=find)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        kind: type = self.__dict__["_kind"]
        return kind

    def __copy__(self) -> object:
        return copy.copy(self.__dict__["_find"]())

    def __repr__(self) -> str:
        try:
            return repr(self.__dict__["_find"]())
        except ConfigurationError:  # a debugger looks at it
            return f"<{self.__class__.__name__}, not available here>"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_find"](), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.__dict__["_find"](), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.__dict__["_find"](), name)
