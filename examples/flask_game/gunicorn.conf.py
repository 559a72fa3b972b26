"""How gunicorn serves the game: gunicorn 'stars:create_app()'."""

import os

# Sessions of qqminigame open nothing before their first call, so workers can be forked from a
# process that has imported everything.
preload_app = True
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))
# A view waits for the platform most of the time. Threads also keep a worker free where a browser
# holds a connection open and sends nothing.
threads = 8
# Both more than the 8 seconds that a call to the platform may take with its repeats.
timeout = 30
graceful_timeout = 10
# There is no access log here: the hall opens its page with the player's openkey in the query.
