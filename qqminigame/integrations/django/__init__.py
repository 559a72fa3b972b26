"""qqminigame in a Django project.

    # settings.py
    INSTALLED_APPS = [..., "qqminigame.integrations.django"]
    QQMINIGAME = {"default": {"APP_ID": "1110766236", "APP_SECRET": os.environ["APP_SECRET"]}}

    # views.py
    from qqminigame import CloudStorage
    from qqminigame.integrations.django import session

    storage = CloudStorage(session)

``docs/django.rst`` is the guide.
"""

import importlib.util

if importlib.util.find_spec("django") is None:
    raise ModuleNotFoundError(
        "qqminigame.integrations.django needs Django; run python -m pip install "
        "'qqminigame[django]' （需要 Django，请执行该命令安装）",
        name="django",
    )

from qqminigame.integrations.django.configured import dawanka, session, sessions
from qqminigame.integrations.django.middleware import QQMiniGameErrorMiddleware, error_response
from qqminigame.integrations.django.signals import call_finished

__all__ = [
    "QQMiniGameErrorMiddleware",
    "call_finished",
    "dawanka",
    "error_response",
    "session",
    "sessions",
]
