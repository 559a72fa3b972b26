"""After how long a broker delivers again what no worker has acknowledged."""

from typing import Any, Final

from celery import Celery

# What kombu takes for Redis, and RabbitMQ's consumer_timeout is half of it.
_DEFAULT_SECONDS: Final = 3600.0


def visibility_seconds(app: Celery) -> float:
    """Return the app's ``visibility_timeout``, in seconds; an hour if it is not set."""
    options: Any = app.conf.broker_transport_options or {}
    return float(options.get("visibility_timeout") or _DEFAULT_SECONDS)
