"""The HTML pages of a gateway: what comes instead of JSON when the platform is not reached."""

from http import HTTPStatus

from qqminigame.sandbox.dialects import Reply


def html_page(status: int) -> Reply:
    """Make a page such as a web server in front of the platform sends."""
    title = f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)
    text = (
        f"<html>\n<head><title>{title}</title></head>\n"
        f"<body><center><h1>{title}</h1></center><hr><center>sandbox</center></body>\n</html>\n"
    )
    return Reply(status=status, content_type="text/html; charset=utf-8", body=text.encode())
