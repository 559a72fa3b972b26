"""The pages. They hold nothing of a player: their scripts make the calls of views.py."""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from qqminigame.integrations.django import session

# What the platform's app calls its object on a page.
_CLIENTS = {"qq": "qq", "douyin": "tt", "wechat": "wx"}


def index(request: HttpRequest) -> HttpResponse:
    """Show the game."""
    return _page(request, "index.html")


def hall(request: HttpRequest) -> HttpResponse:
    """Show the shop that the game hall opens."""
    return _page(request, "hall.html")


def _page(request: HttpRequest, template: str) -> HttpResponse:
    client, source = _client_script(request.GET.get("player"))
    values = {"static": "/static/", "client": _CLIENTS[session.platform.name]}
    response = render(request, template, {**values, "client_script": client})
    # Scripts and calls of this site only; nothing that is inside the page itself is run.
    response["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {source}; connect-src 'self' {source}; "
        "style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return response


def _client_script(player: str | None) -> tuple[str | None, str]:
    """Return the script that stands for the platform's app, if any, and where it comes from."""
    if settings.CLIENT_SCRIPT is None:
        return None, ""
    query = f"?{urlencode({'openid': player})}" if player else ""
    parts = urlsplit(settings.CLIENT_SCRIPT)
    return settings.CLIENT_SCRIPT + query, f"{parts.scheme}://{parts.netloc}"
