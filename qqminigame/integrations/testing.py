"""Settings for tests against the sandbox; needs the extra ``sandbox``."""

from qqminigame.sandbox import Sandbox


def sandbox_values(sandbox: Sandbox) -> dict[str, object]:
    """Return the settings of an alias whose calls go to a sandbox, and that shares nothing.

    Args:
        sandbox: Where all calls go; on each platform the app has the same credentials.
    """
    return {
        "APP_ID": sandbox.app_id,
        "APP_SECRET": sandbox.app_secret,
        "HALL_APP_ID": sandbox.hall_app_id,
        "APP_KEY": sandbox.app_key,
        "BASE_URL": sandbox.url,
        "HTTP": None,
        "STORE": "memory:",
        "ORDERS": "memory:",
    }
