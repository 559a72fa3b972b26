"""The benchmarks measure what they say: exact where they only calculate, and one tiny run."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command, anatomy, bulk, chart, page, tables
from benchmarks.checks import largest
from benchmarks.measurements import MEASUREMENTS
from benchmarks.peers import INFO_PATH, PEERS, SET_PATH
from benchmarks.platform import platform
from benchmarks.targets import TARGETS, Target
from benchmarks.threads import together
from benchmarks.turns import in_turns, median_ratio, percentile, repeated

ROOT = Path(__file__).parent.parent

RESULTS = {
    "machine": {
        "date": "2026-01-02",
        "cpu": "A Processor",
        "cores": 2,
        "load": [0.1, 1.2],
        "system": "Linux",
        "python": "CPython 3.11.7",
        "openssl": "3.0.19",
        "packages": {"requests": "2.32.3", "httpx": None},
    },
    "figures": {
        "http": {
            "rows": [
                {"name": "bare", "cpu_us": 400.4, "wall_us": 500.0, "ratio": 1.0},
                {"name": "ours", "cpu_us": 160.2, "wall_us": 200.0, "ratio": 0.4},
            ],
            "not_installed": ["httpx"],
        },
        "tls": {"skipped": "there is no certificate"},
    },
    "targets": [
        {"target": "ours", "limit": 0.5, "kind": "≤", "unit": "", "figure": 0.4, "met": True},
        {"target": "import", "limit": 15, "kind": "≤", "unit": "ms", "figure": 20, "met": False},
        {"target": "tls", "limit": 0.5, "kind": "≤", "unit": "", "figure": None, "met": None},
    ],
}
RST = """\
====  ======  =====  ===  =====
call    HTTP  ratio  TLS  ratio
====  ======  =====  ===  =====
bare  400 µs   1.00    –      –
ours  160 µs   0.40    –      –
====  ======  =====  ===  =====

======  =======  ========  ============
figure   target  measured
======  =======  ========  ============
ours      ≤ 0.5       0.4           met
import  ≤ 15 ms     20 ms        MISSED
tls       ≤ 0.5         –  not measured
======  =======  ========  ============

Measured on 2026-01-02, A Processor (2 cores), Linux, CPython 3.11.7, OpenSSL 3.0.19, requests
2.32.3; load 0.1 before, 1.2 after.
"""


def test_median_ratio__is_of_the_ratios_in_each_round():
    """Not the ratio of the medians, which a slow spell of the machine would distort."""
    assert median_ratio([1.0, 20.0, 3.0], [2.0, 20.0, 12.0]) == 0.5
    with pytest.raises(ValueError, match="zip"):
        median_ratio([1.0], [1.0, 2.0])


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (0, 1), (98.5, 99)])
def test_percentile__is_one_of_the_values(percent, value):
    """The nearest rank, without interpolation."""
    assert percentile(range(100, 0, -1), percent) == value
    assert percentile([7], percent) == 7


def test_in_turns__another_begins_each_round():
    """Everybody has a turn in every round, and the order rotates."""
    turns = []
    spent = in_turns({name: lambda name=name: turns.append(name) for name in "abc"}, 4)
    assert "".join(turns) == "abc" + "bca" + "cab" + "abc"
    assert {name: len(taken) for name, taken in spent.items()} == {"a": 4, "b": 4, "c": 4}
    assert all(turn.cpu >= 0 and turn.wall > 0 for taken in spent.values() for turn in taken)


def test_together__raises_what_a_thread_raises():
    """A thread that fails at once must not count as one that was fast."""
    done = []
    together([repeated(lambda: done.append(1), 5)] * 4)()
    assert len(done) == 20
    with pytest.raises(ZeroDivisionError):
        together([lambda: None, lambda: 1 / 0])()


@pytest.mark.parametrize("filling", ["x", "分"])
def test_largest__is_exactly_at_the_limit(filling):
    """128 pairs of 1 KB."""
    pairs = largest(filling)
    assert len(pairs) == 128
    assert {len((key + value).encode()) for key, value in pairs.items()} == {1024}


def test_stopwatch__takes_its_own_cost_off(monkeypatch):
    """What wrapping costs is in no figure, neither its own nor that of the function around it."""
    ticks = iter([0.0, 10.0, 13.0, 20.0])  # outer begins, inner begins and ends, outer ends
    monkeypatch.setattr(anatomy, "_clock", lambda: next(ticks))
    watch = anatomy.Stopwatch(inside=1.0, around=4.0)
    inner = watch.wrap("inner", lambda: "value")
    assert watch.wrap("outer", lambda: inner())() == "value"
    assert watch.seconds == {"inner": 2.0, "outer": 15.0}
    assert watch.own == {"inner": 2.0, "outer": 13.0}
    assert watch.times == {"inner": 1, "outer": 1}


@pytest.mark.parametrize("function", [each for step in anatomy.STEPS for each in step.functions])
def test_steps__name_functions_that_exist(function):
    """Who renames a function of the call's path mends benchmarks/anatomy.py."""
    assert anatomy.found(function) is not None


def test_timed_steps__leave_everything_as_it_was():
    """Functions are timed only while it is measured."""
    places = [anatomy.found(each) for step in anatomy.STEPS for each in step.functions]
    before = [getattr(owner, name) for owner, name in places]
    with anatomy.timed_steps(anatomy.Stopwatch()):
        assert all(
            getattr(owner, name) is not function
            for (owner, name), function in zip(places, before, strict=True)
        )
    assert [getattr(owner, name) for owner, name in places] == before


def test_targets__are_judged():
    """At most and at least; what was not measured is neither met nor missed."""
    figures = {"one": {"rows": [{"name": "ours", "ratio": 0.5}]}, "many": {"ratio": 0.9}}
    verdicts = [
        Target("", path, limit, kind=kind).judged(figures)["met"]
        for path, limit, kind in [
            (("one", "ours", "ratio"), 0.5, "≤"),
            (("one", "ours", "ratio"), 0.4, "≤"),
            (("many", "ratio"), 1.0, "≥"),
            (("many", "ratio"), 0.9, "≥"),
            (("one", "theirs", "ratio"), 0.5, "≤"),
            (("none", "ratio"), 0.5, "≤"),
        ]
    ]
    assert verdicts == [True, False, False, True, None, None]


def test_rst__shows_what_was_measured():
    """Calls, targets with the missed ones named, and the machine."""
    assert tables.rst(RESULTS) == RST


def test_tables__say_what_is_missing():
    """A peer or a measurement that is left out is named."""
    texts = [text for table in tables.tables(RESULTS) for row in table.rows for text in row]
    assert "tls: not measured, there is no certificate" in texts
    assert "httpx: not installed, so not compared" in texts


def test_page__put_into_replaces_what_is_between_the_marks():
    """And nothing else; a text without the marks stays as it is."""
    text = f"before\n\n{page.START}\n\nold\n\n{page.END}\n\nafter\n"
    once = page.put_into(text, "new\n")
    assert once == f"before\n\n{page.START}\n\nnew\n\n{page.END}\n\nafter\n"
    assert page.put_into(once, "new\n") == once
    assert page.put_into("no marks", "new\n") == "no marks"


def test_page__shows_the_latest_results():
    """``make bench`` writes both; neither is edited by hand."""
    folder = command.RESULTS
    results = json.loads((folder / "latest.json").read_text(encoding="utf-8"))
    assert (folder / "latest.rst").read_text(encoding="utf-8") == tables.rst(results)
    text = command.PAGE.read_text(encoding="utf-8")
    assert f"{page.START}\n\n{tables.rst(results)}\n{page.END}\n" in text


def test_chart__is_the_same_for_the_same_results(tmp_path):
    """No date and no random ids, so that the picture changes only when the figures do."""
    for name in ("one.svg", "two.svg"):
        chart.draw(RESULTS, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "ours" in (tmp_path / "one.svg").read_text(encoding="utf-8")


def test_platform__answers_requests_in_pieces_and_in_a_row():
    """It knows where each request ends, and which connection is to be kept."""
    post = b"POST %s?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n{ }" % SET_PATH.encode()
    last = b"GET %s HTTP/1.1\r\nConnection: close\r\n\r\n" % INFO_PATH.encode()
    with platform() as place, socket.create_connection((place.host, place.port), 10) as client:
        for piece in (post[:20], post[20:-1], post[-1:] + post + last):
            client.sendall(piece)
        with client.makefile("rb") as file:
            answers = file.read()
        assert place.counts() == {"connections": 1, SET_PATH: 2, INFO_PATH: 1}
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert answers.count(b'{"errcode":0,"errmsg":"ok"}') == 2
    assert answers.endswith(b'"payReturnCount":3}')


def test_command__refuses_what_makes_no_sense(capsys):
    """Partial results are not saved, and nothing is done zero times."""
    for arguments in (["--only", "http", "--save"], ["--rounds", "0"], ["--only", "all"]):
        with pytest.raises(SystemExit) as ended:
            command.main(arguments)
        assert ended.value.code == 2
    assert "usage: python -m benchmarks" in capsys.readouterr().err


@pytest.mark.slow
def test_run__measures_everything(tmp_path):
    """Every peer gets every answer, whatever the environment says of proxies."""
    sizes = {"calls": 3, "rounds": 1, "long": 20, "imports": 1, "logins": 20, "rows": 20}
    options = [f"--{name}={count}" for name, count in sizes.items()]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options, "--save", tmp_path],
        cwd=ROOT,
        env={**os.environ, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))
    assert results["options"] == sizes
    figures = results["figures"]
    assert list(figures) == list(MEASUREMENTS)
    for kind in ("http", "tls"):
        assert [row["name"] for row in figures[kind]["rows"]] == [peer.name for peer in PEERS]
        each = figures[kind]["calls_of_a_peer"]
        assert figures[kind]["answered"] == {
            path: each * sum(peer.path == path for peer in PEERS) for path in (SET_PATH, INFO_PATH)
        }
    labels = [row["label"] for row in figures["anatomy"]["rows"]]
    assert [label for label in labels if not label.startswith("(")] == [
        step.label for step in anatomy.STEPS
    ]
    assert figures["checks"]["refused"] == {"calls": 3, "connections": 0}
    assert figures["tokens"]["looks_into_the_store"] == 0
    assert [row["name"] for row in figures["bulk"]["rows"]] == list(bulk.WAYS)
    assert [each["target"] for each in results["targets"]] == [each.words for each in TARGETS]
    assert all(each["figure"] is not None for each in results["targets"])
    assert (tmp_path / "latest.rst").read_text(encoding="utf-8") == tables.rst(results)
    for table in tables.tables(results):
        assert table.title in done.stdout
