"""The snippets of docs/watching.rst are run, tools in their own process: no secret is recorded."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from raw_server import RawServer
from test_tools import SECRET, log_in, sent

from qqminigame import Login

FOLDER = Path(__file__).parent
DOCS = (FOLDER.parent / "docs" / "watching.rst").read_text(encoding="utf-8")
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", re.MULTILINE)
SENTRY, REQUESTS, URLLIB3, METRICS = [
    re.sub(r"(?m)^    ", "", text) for text in BLOCK.findall(DOCS)
]

KEEP_SENTRY = """
import sentry_sdk, sentry_sdk.transport
class Kept(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        records.extend(str(item.payload.json) for item in envelope.items)
init = sentry_sdk.init
sentry_sdk.init = lambda **named: init(dsn="https://k@sentry.invalid/1", transport=Kept, **named)
"""
SENTRY_CALL = """
with sentry_sdk.start_transaction(name="calls"):
    call()
sentry_sdk.capture_message("over")
sentry_sdk.flush()
"""
KEEP_SPANS = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
class Kept(SpanExporter):
    def export(self, spans):
        records.extend(span.to_json() for span in spans)
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(Kept()))
"""
BEGIN = """
import json, sys
records = []
def call():
    from qqminigame import Login, Session
    Login(Session("1", app_secret=SECRET, base_url=URL, store="memory:")).code2session("my-code")
"""


@pytest.mark.parametrize(
    ("keep", "snippet", "call"),
    [
        (KEEP_SENTRY, SENTRY, SENTRY_CALL),
        (KEEP_SPANS, REQUESTS, "call()"),
        (KEEP_SPANS, URLLIB3, "call()"),
    ],
    ids=["Sentry", "OpenTelemetry for requests", "OpenTelemetry for urllib3"],
)
def test_snippet__the_call_is_recorded_without_secrets(keep, snippet, call):
    """With the snippet, the records name the call, and hold neither app_secret nor js_code."""
    with RawServer(log_in) as server:
        values = f"SECRET, URL = {SECRET!r}, {server.url!r}\n"
        code = "\n".join([BEGIN, values, keep, snippet, call, "print(json.dumps(records))"])
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        assert len(sent(server)) == 1
    records = "".join(json.loads(done.stdout.splitlines()[-1]))
    assert "/sns/jscode2session" in records
    assert SECRET not in records
    assert "my-code" not in records


def test_metrics__each_attempt_is_counted(monkeypatch, capsys):
    """The snippet prints a line for a call, without secrets."""
    with RawServer(log_in) as server:
        monkeypatch.setenv("QQMINIGAME_APP_ID", "1")
        monkeypatch.setenv("QQMINIGAME_APP_SECRET", SECRET)
        monkeypatch.setenv("QQMINIGAME_BASE_URL", server.url)
        names = {}
        exec(compile(METRICS, "watching.rst", "exec"), names)
        with names["session"] as session:
            Login(session).code2session("my-code")
    assert re.fullmatch(r"jscode2session 1 ok None [0-9.]+\n", capsys.readouterr().out)
