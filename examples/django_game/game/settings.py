"""The project's settings: what differs between machines comes from the environment.

GAME_SECRET_KEY   signs the players' tokens; at least 50 random characters, kept secret
GAME_HOSTS        the names of this site, with commas between them
GAME_POSTGRES     the name of a PostgreSQL database; PGHOST, PGUSER and so on say where. Without it,
                  an SQLite file in GAME_DATA
GAME_DATA         a folder that the web server's user may write
GAME_HTTPS        0 on a developer's machine
QQMINIGAME_...    the credentials of the mini game: docs/django.rst
"""

import os
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_PAGE = _HERE.parents[1] / "page"
DATA = Path(os.environ.get("GAME_DATA", _HERE.parent / "data"))

DEBUG = False
SECRET_KEY = os.environ["GAME_SECRET_KEY"]
ALLOWED_HOSTS = os.environ.get("GAME_HOSTS", "127.0.0.1,localhost").split(",")

INSTALLED_APPS = [
    "game",
    "qqminigame.integrations.django",
    # For the admin, which shows logins and orders.
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    # For the admin. The game's calls are exempt: see views.py.
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last: it answers what the views raise before any other middleware sees it.
    "qqminigame.integrations.django.QQMiniGameErrorMiddleware",
]
ROOT_URLCONF = "game.urls"
WSGI_APPLICATION = "game.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_PAGE],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The mini game. STORE: tokens and logins are in the project's database, so that all machines share
# them; a Redis is faster: redis://host:6379/0. An empty text stands for a file in the cache folder
# of the web server's user. Orders are in the database in any case.
QQMINIGAME = {
    "default": {
        "APP_ID": os.environ.get("QQMINIGAME_APP_ID"),
        "APP_SECRET": os.environ.get("QQMINIGAME_APP_SECRET"),
        "HALL_APP_ID": os.environ.get("QQMINIGAME_HALL_APP_ID"),
        "APP_KEY": os.environ.get("QQMINIGAME_APP_KEY"),
        "PLATFORM": os.environ.get("QQMINIGAME_PLATFORM", "qq"),
        "BASE_URL": os.environ.get("QQMINIGAME_BASE_URL"),
        "STORE": os.environ.get("QQMINIGAME_STORE", "django:") or None,
    },
}
# A game of several seconds, so that the page can be tried out and tested in less.
ROUND_SECONDS = int(os.environ.get("GAME_ROUND_SECONDS", "10"))
# A script that stands for the platform's app in a browser: the sandbox's mini.js. None in
# production, where the app opens the game.
CLIENT_SCRIPT = os.environ.get("GAME_CLIENT_SCRIPT")


def _database() -> dict[str, Any]:
    if "GAME_POSTGRES" in os.environ:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["GAME_POSTGRES"],
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            # No view waits longer for the database than a call to the platform may take.
            "OPTIONS": {"options": "-c lock_timeout=2s", "connect_timeout": 5},
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "game.sqlite3",
        "OPTIONS": {
            # Readers and the writer do not wait for each other, and a transaction that is going to
            # write waits for its turn at its start, where waiting helps.
            "init_command": "PRAGMA journal_mode = WAL",
            "transaction_mode": "IMMEDIATE",
            # SQLite lets one write at a time and keeps no queue: with dozens of threads, one of
            # them may be passed over for several seconds.
            "timeout": 20,
        },
    }


# No ATOMIC_REQUESTS: a view waits for the platform, and no transaction should wait with it.
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [_PAGE / "static"]
WHITENOISE_USE_FINDERS = True

# The largest call of the page is a few hundred bytes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16_384

HTTPS = os.environ.get("GAME_HTTPS", "1") != "0"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Set by the proxy in front of gunicorn, which must remove what clients send under this name.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The openkey is in the address of the hall's page: no other site may see it.
SECURE_REFERRER_POLICY = "no-referrer"
X_FRAME_OPTIONS = "DENY"
# Subdomains and browsers' preload lists are the domain owner's decision.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    # Also "qqminigame": its errors, and what is degraded.
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
