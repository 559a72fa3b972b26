"""A WSGI program that makes calls: when it is imported, as ``AT_IMPORT`` says, and for requests."""

import json
import os

from qqminigame import CloudStorage, Login, LoginState, QQMiniGameError, Session

SESSION = Session.from_env()

AT_IMPORT = json.loads(os.environ.get("AT_IMPORT", "{}"))
if "js_code" in AT_IMPORT:
    Login(SESSION).code2session(AT_IMPORT["js_code"])
if "login" in AT_IMPORT:
    CloudStorage(SESSION).set(LoginState(**AT_IMPORT["login"]), {"a": "1"})


def application(environ, start_response):
    """Log in the player whose js_code is the query; under /store, store something, too."""
    try:
        login = Login(SESSION).code2session(environ["QUERY_STRING"])
        if environ["PATH_INFO"] == "/store":
            CloudStorage(SESSION).set(login, {"owner": login.openid})
    except QQMiniGameError as error:
        status, answer = "500 Failed", {"error": f"{type(error).__name__}: {error}"}
    else:
        status, answer = "200 OK", {"openid": login.openid, "process": os.getpid()}
    body = json.dumps(answer).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
