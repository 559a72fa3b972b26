"""Extensions, which know no application: create_app registers it with them."""

from qqminigame.integrations.flask import QQMiniGame

minigame = QQMiniGame()
