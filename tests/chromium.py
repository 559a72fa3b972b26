"""A real browser without a window."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from machine import require
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

_OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --no-proxy-server "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Run a browser that knows nobody.

    Args:
        profile: An empty folder for what it keeps.
    """
    options = ChromeOptions()
    options.binary_location = require("chromium")
    for option in _OPTIONS.split():
        options.add_argument(option)
    options.add_argument(f"--user-data-dir={profile}")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NO_PROXY", "*")  # the driver is on this machine
        browser = Chrome(options=options, service=ChromeService(require("chromedriver")))
        try:
            yield browser
        finally:
            browser.quit()
