"""The texts of the Flask extension, in English and in Chinese."""

from typing import Final

from qqminigame.messages import Text

ALREADY_REGISTERED: Final = Text(
    "this Flask app has a QQMiniGame already; create one, and call init_app() once for each app",
    "该 Flask 应用已注册过 QQMiniGame；每个应用只需调用一次 init_app()",
)
NOT_REGISTERED: Final = Text(
    "this Flask app has no QQMiniGame; call QQMiniGame(app), or init_app(app) in its factory",
    "该 Flask 应用未注册 QQMiniGame；请调用 QQMiniGame(app)，或在应用工厂中调用 init_app(app)",
)
NO_APP_CONTEXT: Final = Text(
    "there is no Flask app context here, as in a thread or greenlet that a view has started: take "
    "the session out in the view, session = minigame.session(), and pass it on; elsewhere use with "
    "app.app_context()",
    "此处没有 Flask 应用上下文，例如在视图启动的线程或协程中：请在视图中用 "
    "session = minigame.session() 取出 Session 再传入；其他场合请使用 with app.app_context()",
)
NOT_CONFIGURED: Final = Text(
    "neither app.config nor the environment has QQMINIGAME_APP_ID; set it in one of them",
    "app.config 和环境变量中都没有 QQMINIGAME_APP_ID，请设置其中之一",
)
DEFAULT_TWICE: Final = Text(
    "app.config has both QQMINIGAME['default'] and {name}; use one of them for the default alias",
    "app.config 中同时有 QQMINIGAME['default'] 与 {name}；default 别名请只用其中一种方式",
)
NOT_A_DICT: Final = Text(
    "app.config['QQMINIGAME'] must be a dict of aliases, not {kind}",
    "app.config['QQMINIGAME'] 必须是以别名为 key 的 dict，不能是 {kind}",
)
COMMANDS: Final = Text(
    "Call the server side of mini games: logins, cloud storage, doctor, sandbox.",
    "调用小游戏的服务端接口：登录、托管数据、环境检查、沙箱。",
)
