"""The pages. They hold nothing of a player: their scripts make the calls of views.py."""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, make_response, render_template, request

from qqminigame.integrations.flask import current_session

blueprint = Blueprint("pages", __name__)

# What the platform's app calls its object on a page.
_CLIENTS = {"qq": "qq", "douyin": "tt", "wechat": "wx"}


@blueprint.get("/")
def index() -> Response:
    """Show the game."""
    return _page("index.html")


@blueprint.get("/hall")
def hall() -> Response:
    """Show the shop that the game hall opens."""
    return _page("hall.html")


def _page(template: str) -> Response:
    script, source = _client_script(request.args.get("player"))
    client = _CLIENTS[current_session.platform.name]
    page = render_template(template, static="/static/", client=client, client_script=script)
    response = make_response(page)
    # Scripts and calls of this site only; nothing that is inside the page itself is run.
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {source}; connect-src 'self' {source}; "
        "style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    # The openkey is in the address of the hall's page: no other site may see it.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _client_script(player: str | None) -> tuple[str | None, str]:
    """Return the script that stands for the platform's app, if any, and where it comes from."""
    address = current_app.config["CLIENT_SCRIPT"]
    if address is None:
        return None, ""
    query = f"?{urlencode({'openid': player})}" if player else ""
    parts = urlsplit(address)
    return address + query, f"{parts.scheme}://{parts.netloc}"


@blueprint.after_app_request
def harden(response: Response) -> Response:
    """Have browsers believe the content type that they are told."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
