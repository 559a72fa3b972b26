"""A process of its own in which another tool watches, or fakes, what requests sends.

Reads one JSON object from its input: the tool, when it is started, and where the platform is;
prints one: what the calls answered and what the tool saw.
"""

import contextlib
import json
import os
import re
import sys
import tempfile

FAKE = {"errcode": 0, "errmsg": "", "openid": "fake", "session_key": "fake key"}


class Responses:
    """``responses``, which replaces ``HTTPAdapter.send``."""

    def start(self, url):
        """Answer whatever goes to the platform."""
        import responses

        self._mock = responses.RequestsMock(assert_all_requests_are_fired=False)
        self._mock.start()
        self._mock.add("GET", re.compile(re.escape(url)), json=FAKE)

    def during(self):
        """Nothing is needed around the calls."""
        return contextlib.nullcontext()

    def seen(self):
        """Return the addresses it saw."""
        return [call.request.url for call in self._mock.calls]

    def recorded(self):
        """Return all it keeps, as text."""
        return "".join(self.seen())

    def stop(self):
        """Let requests be as it was."""
        self._mock.stop(allow_assert=False)


class RequestsMock(Responses):
    """``requests-mock``, which replaces ``Session.get_adapter``."""

    def start(self, url):
        """Answer whatever goes to the platform."""
        import requests_mock

        self._mock = requests_mock.Mocker()
        self._mock.start()
        self._mock.get(requests_mock.ANY, json=FAKE)

    def seen(self):
        """Return the addresses it saw."""
        return [request.url for request in self._mock.request_history]

    def stop(self):
        """Let requests be as it was."""
        self._mock.stop()


class VcrReplay(Responses):
    """``vcrpy`` with a cassette of what was answered at another time."""

    mode = "none"

    def start(self, url):
        """Put a cassette in."""
        import vcr

        path = os.path.join(tempfile.mkdtemp(), "cassette.json")
        if self.mode == "none":
            response = {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": ["application/json"]},
                "body": {"string": json.dumps(FAKE)},
            }
            uri = f"{url}/sns/jscode2session"
            request = {"method": "GET", "uri": uri, "body": None, "headers": {}}
            interactions = [{"request": request, "response": response}]
            with open(path, "w", encoding="utf-8") as cassette:
                json.dump({"version": 1, "interactions": interactions}, cassette)
        self._context = vcr.use_cassette(
            path,
            serializer="json",
            record_mode=self.mode,
            match_on=["method", "host", "port", "path"],
            allow_playback_repeats=True,
        )
        self._cassette = self._context.__enter__()

    def seen(self):
        """Return the addresses it played or recorded."""
        if self.mode == "none":
            return ["played"] * self._cassette.play_count
        return [request.uri for request in self._cassette.requests]

    def stop(self):
        """Take the cassette out."""
        self._context.__exit__(None, None, None)


class VcrRecord(VcrReplay):
    """``vcrpy`` recording."""

    mode = "all"


class Mocket(Responses):
    """``mocket``, which replaces ``socket.socket``."""

    def start(self, url):
        """Answer whatever goes to the platform."""
        import mocket
        from mocket.mocks.mockhttp import Entry

        mocket.Mocket.enable()
        headers = {"Content-Type": "application/json"}
        Entry.single_register(
            "GET",
            f"{url}/sns/jscode2session",
            body=json.dumps(FAKE),
            headers=headers,
            match_querystring=False,
        )
        self._mocket = mocket.Mocket

    def seen(self):
        """Return the addresses it saw."""
        return [str(request) for request in self._mocket.request_list()]

    def stop(self):
        """Let sockets be as they were."""
        self._mocket.disable()


class OpenTelemetry(Responses):
    """OpenTelemetry's instrumentation of requests."""

    def start(self, url):
        """Trace."""
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self._instrumentor = self.instrumentor()
        self._instrumentor.instrument(tracer_provider=provider)

    @staticmethod
    def instrumentor():
        """Return what traces requests."""
        from opentelemetry.instrumentation.requests import RequestsInstrumentor

        return RequestsInstrumentor()

    def seen(self):
        """Return the addresses of the spans."""
        attributes = [span.attributes for span in self._spans.get_finished_spans()]
        return [each.get("http.url") or each.get("url.full") for each in attributes]

    def recorded(self):
        """Return all spans."""
        return "".join(span.to_json() for span in self._spans.get_finished_spans())

    def stop(self):
        """Trace no more."""
        self._instrumentor.uninstrument()


class OpenTelemetryUrllib3(OpenTelemetry):
    """OpenTelemetry's instrumentation of urllib3."""

    @staticmethod
    def instrumentor():
        """Return what traces urllib3."""
        from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor

        return URLLib3Instrumentor()


class Sentry(Responses):
    """Sentry, which replaces methods of ``http.client.HTTPConnection``."""

    def start(self, url):
        """Watch, and keep what would be sent to Sentry."""
        import sentry_sdk
        from sentry_sdk.transport import Transport

        self._sentry, self._events = sentry_sdk, events = sentry_sdk, []

        class Kept(Transport):
            def capture_envelope(self, envelope):
                events.extend(item.payload.json for item in envelope.items)

        sentry_sdk.init(
            dsn="https://key@sentry.invalid/1",
            transport=Kept,
            traces_sample_rate=1.0,
            trace_propagation_targets=[".*"],
        )

    @contextlib.contextmanager
    def during(self):
        """Make the calls in a transaction, and report something after them."""
        with self._sentry.start_transaction(name="calls"):
            yield
        self._sentry.capture_message("over")
        self._sentry.flush()

    def seen(self):
        """Return what the spans are of; as many breadcrumbs there have to be."""
        spans = [
            span
            for event in self._events
            for span in event.get("spans", [])
            if span["op"] == "http.client"
        ]
        crumbs = [
            crumb
            for event in self._events
            for crumb in (event.get("breadcrumbs") or {"values": []})["values"]
            if crumb["type"] == "http"
        ]
        return [span["description"] for span in spans][: len(crumbs)]

    def recorded(self):
        """Return all that would be sent."""
        return json.dumps(self._events)

    def stop(self):
        """Watch no more."""
        self._sentry.get_client().close()


class Datadog(Responses):
    """Datadog's ddtrace."""

    def start(self, url):
        """Trace, and keep what would be sent to the agent."""
        os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
        os.environ["DD_REMOTE_CONFIGURATION_ENABLED"] = "false"
        os.environ["DD_TRACE_STARTUP_LOGS"] = "false"
        import ddtrace
        from ddtrace.trace import TraceFilter, tracer

        self._spans = spans = []

        class Keep(TraceFilter):
            def process_trace(self, trace):
                spans.extend(trace)

        tracer.configure(trace_processors=[Keep()])
        ddtrace.patch(requests=True)

    def seen(self):
        """Return the addresses of the spans."""
        return [span.get_tag("http.url") for span in self._spans]

    def recorded(self):
        """Return all spans."""
        return "".join(f"{span.resource} {span.get_tags()}" for span in self._spans)

    def stop(self):
        """Trace no more."""
        from ddtrace.contrib.internal.requests.patch import unpatch

        unpatch()


class PyOpenSSL(Responses):
    """pyOpenSSL in the place of urllib3's ssl."""

    def start(self, url):
        """Put it in."""
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            from urllib3.contrib import pyopenssl
        self._module = pyopenssl
        pyopenssl.inject_into_urllib3()

    def seen(self):
        """It sees no requests."""
        return []

    def stop(self):
        """Take it out."""
        self._module.extract_from_urllib3()


TOOLS = {tool.__name__: tool for tool in [Responses, *Responses.__subclasses__()]}
TOOLS |= {tool.__name__: tool for tool in (VcrRecord, OpenTelemetryUrllib3)}


def main():
    """Make calls before, while and after the tool is at work."""
    setup = json.loads(sys.stdin.readline())
    tool = TOOLS[setup["tool"]]()
    if setup["when"] == "before the import":
        tool.start(setup["url"])

    from qqminigame import Login, QQMiniGameError, Session

    login = Login(Session("1", app_secret=setup["secret"], base_url=setup["url"], store="memory:"))

    def call(js_code):
        try:
            return login.code2session(js_code).openid
        except QQMiniGameError as error:
            return f"{type(error).__name__}: {error}"

    before = call("before") if setup["when"] == "after a call" else None
    if setup["when"] != "before the import":
        tool.start(setup["url"])
    with tool.during():
        during = [call(f"during{number}") for number in range(3)]
    seen, recorded = tool.seen(), tool.recorded()
    tool.stop()
    after = [call("after1"), call("after2")]
    shown = [name for name in ("secret", "js_code") if setup[name] in recorded]
    print(
        json.dumps(
            {"before": before, "during": during, "after": after, "seen": seen, "shown": shown}
        )
    )


if __name__ == "__main__":
    main()
