"""The settings of the Django project that tests run in their own process."""

SECRET_KEY = "for-tests"
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "django_urls"
INSTALLED_APPS = ["qqminigame.integrations.django"]
MIDDLEWARE = ["qqminigame.integrations.django.QQMiniGameErrorMiddleware"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}
USE_TZ = True
# The test runner's own logging stays as it is.
LOGGING_CONFIG = None
QQMINIGAME = {
    "default": {
        "APP_ID": "1110766236",
        "APP_SECRET": "made-up-secret",
        "BASE_URL": "https://gateway.invalid",
        "STORE": "memory:",
    }
}
