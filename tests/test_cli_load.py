"""``storage load``: which rows of which files are stored, and what becomes of the others."""

import json
import os
import signal
import threading

import pytest
from waiting import wait_until

from qqminigame.cli.exits import Exit
from qqminigame.cli.lines import lines

PLAYERS = ("A", "B", "C")


@pytest.fixture
def logged_in(command, sandbox):
    """Three players who have logged in."""
    for player in PLAYERS:
        assert command("login", "-", given=sandbox.js_code(player)).code == 0


@pytest.fixture
def stored(sandbox):
    """Return what the platform has stored, by player."""

    def stored():
        players = sandbox.state()["players"].items()
        return {openid: player["storage"] for openid, player in players if player["storage"]}

    return stored


@pytest.fixture
def file(tmp_path):
    """Write a file and return its path."""

    def file(content, name="scores.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return file


def failures(path):
    """Return the rows and texts of a file of failures."""
    return {each["row"]: each for each in map(json.loads, path.read_text().splitlines())}


GOLD = {"A": {"gold": "1"}, "B": {"gold": "2"}}


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("header.csv", "openid,gold\nA,1\nB,2\n", []),
        ("last line without end.csv", "openid,gold\nA,1\nB,2", []),
        ("windows.csv", "openid,gold\r\nA,1\r\nB,2\r\n", []),
        ("blank lines.csv", "\nopenid,gold\n\nA,1\n   \nB,2\n\n", []),
        ("quoted.csv", '"openid","gold"\n"A","1"\n"B","2"\n', []),
        ("spaces in the header.csv", "openid , gold\nA,1\nB,2\n", []),
        ("bom.csv", "\ufeffopenid,gold\nA,1\nB,2\n", []),
        ("no header.csv", "A,1\nB,2\n", ["--columns", "openid, gold"]),
        ("other order.csv", "gold,openid\n1,A\n2,B\n", []),
        ("lines.ndjson", '{"openid":"A","gold":"1"}\n{"openid":"B","gold":2}\n', []),
        ("LINES.JSONL", '\ufeff{"openid":"A","gold":"1"}\n{"openid":"B","gold":"2"}\n', []),
        ("lines.txt", '{"openid":"A","gold":1}\n{"openid":"B","gold":2}', ["--format", "ndjson"]),
        ("nothing in a cell.csv", "openid,gold,note\nA,1,\nB,2,\n", []),
    ],
)
def test_load__files_of_all_kinds(command, logged_in, stored, file, name, content, options):
    """The same rows, however they are written."""
    done = command("storage", "load", file(content, name), *options)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert stored() == GOLD


def test_load__gb18030(command, logged_in, stored, file):
    """Named, it is read; not named, each line is a failure that names the option."""
    path = file("openid,名\nA,张三\nB,㐀\n".encode("gb18030"))
    done = command("storage", "load", path, "--encoding", "gb18030")
    assert done.code == 0
    assert stored() == {"A": {"名": "张三"}, "B": {"名": "㐀"}}
    done = command("storage", "load", path)
    assert done.code == Exit.USAGE
    assert "--encoding" in done.err


def test_load__utf_16(command, logged_in, file):
    """What Excel calls Unicode text is refused, with what to do."""
    done = command("storage", "load", file("openid,gold\nA,1\n".encode("utf-16")))
    assert done.code == Exit.USAGE
    assert "CSV UTF-8" in done.err


def test_load__stdin(command, logged_in, stored):
    """With "-" and without a name."""
    assert command.process("storage", "load", "-", given="openid,gold\nA,1\n").code == 0
    assert command.process("storage", "load", given="openid,gold\nB,2\n").code == 0
    assert stored() == GOLD


def test_load__an_empty_file(command, logged_in, sandbox, file):
    """There is nothing to do, and that is well done."""
    assert command("storage", "load", file("")).code == 0
    assert command("storage", "load", file("openid,gold\n")).code == 0


BAD_LINES = [
    (b"\xff\xfe,1", "not utf-8"),
    (b"B", "1 cells, and the header 2"),
    (b"B,1,2", "3 cells, and the header 2"),
    (b'B,"1', "not CSV"),
    (b'B,"1"2', "not CSV"),
    (b",1", "no openid"),
    (b"1.23E+17,1", "spreadsheet"),
    (b"B," + b"x" * 2000, "bytes"),
    (b"nobody,1", "no login of 'nobody'"),
    (b"B,", "kv is empty"),
    (b"B," + b"9" * 1_100_000, "1048576 bytes"),
]


def test_load__a_bad_line_is_a_failure_and_not_the_end(command, logged_in, stored, file, tmp_path):
    """Each is in the file of failures, by its line and in both languages; the rest is stored."""
    lines = [b"openid,gold", b"A,0"]
    for bad, _ in BAD_LINES:
        lines += [bad, b"A,%d" % len(lines)]
    there = tmp_path / "failures.ndjson"
    done = command("storage", "load", file(b"\n".join(lines)), "--failures", there)
    assert done.code == Exit.SOME_FAILED
    assert f"stored 12, skipped 0, failed {len(BAD_LINES)}" in done.err
    assert str(there) in done.err
    found = failures(there)
    assert sorted(found) == list(range(3, 3 + 2 * len(BAD_LINES), 2))
    for number, (_, words) in zip(sorted(found), BAD_LINES, strict=True):
        assert words in found[number]["english"]
        assert found[number]["chinese"] != found[number]["english"]
    assert stored() == {"A": {"gold": str(len(lines) - 2)}}


def test_load__a_bad_line_of_ndjson(command, logged_in, stored, file, tmp_path):
    """The same for NDJSON."""
    lines = [
        '{"openid":"A","gold":"1"}',
        "{",
        "[]",
        '{"gold":"1"}',
        '{"openid":"B","gold":1.5}',
        "1",
    ]
    there = tmp_path / "failures.ndjson"
    done = command("storage", "load", file("\n".join(lines), "x.ndjson"), "--failures", there)
    assert done.code == Exit.SOME_FAILED
    assert sorted(failures(there)) == [2, 3, 4, 5, 6]
    assert stored() == {"A": {"gold": "1"}}


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("id,gold\nA,1\n", [], "no column 'openid', but: id, gold"),
        ("openid,gold,gold\nA,1,2\n", [], "two columns 'gold'"),
        ("openid,gold\nA,1\n", ["--ranking", "rank=score"], "no column 'score'"),
        ("openid,gold\nA,1\n", ["--time-column", "when"], "no column 'when'"),
        ("openid,gold\nA,1\n", ["--ranking", "rank"], "NAME=VALUE"),
        ('openid,"gold\nA,1\n', [], "first line"),
        ("A,1\n", ["--columns", "gold"], "no column 'openid'"),
    ],
)
def test_load__columns_that_make_no_table(
    command, logged_in, file, tmp_path, content, options, words
):
    """It says which, before the file of failures of an earlier run is begun anew."""
    kept = tmp_path / "failures.ndjson"
    command("storage", "load", file("openid,gold\nnobody,1\n"), "--failures", kept)
    before = kept.read_bytes()
    done = command("storage", "load", file(content), *options, "--failures", kept)
    assert done.code == Exit.USAGE
    assert words in done.err
    assert kept.read_bytes() == before != b""


def test_load__a_file_that_is_not_there(command, tmp_path):
    """The error names it."""
    done = command("storage", "load", tmp_path / "missing.csv")
    assert done.code == Exit.CONFIGURATION
    assert "missing.csv" in done.err


def test_load__ranking(command, logged_in, stored, file):
    """The score of a column becomes a ranking value, with the time of a column or of the file."""
    path = file("openid,score,when,gold\nA,7,99,1\n")
    os.utime(path, (5, 5))
    words = ["storage", "load", path, "--ranking", "rank=score"]
    assert command(*words).code == 0
    value = json.loads(stored()["A"].pop("rank"))
    assert value == {"qqgame": {"score": 7, "update_time": 5}}
    assert command(*words, "--time-column", "when").code == 0
    assert stored()["A"].keys() == {"rank", "gold", "when"}
    value = json.loads(stored()["A"]["rank"])
    assert value == {"qqgame": {"score": 7, "update_time": 99}}


@pytest.mark.parametrize("score", ["many", "1.5", ""])
def test_load__ranking_of_no_number(command, logged_in, file, tmp_path, score):
    """It is a failure of that line."""
    there = tmp_path / "failures.ndjson"
    path = file(f"openid,score\nA,{score}\n")
    done = command("storage", "load", path, "--ranking", "rank=score", "--failures", there)
    assert done.code == Exit.SOME_FAILED
    assert list(failures(there)) == [2]


def test_load__only_failures(command, sandbox, logged_in, stored, file, tmp_path):
    """After the player has logged in, only that row is sent."""
    first, second = tmp_path / "first.ndjson", tmp_path / "second.ndjson"
    path = file("openid,gold\nA,1\nnobody,2\n")
    assert command("storage", "load", path, "--failures", first).code == Exit.SOME_FAILED
    command("login", "-", given=sandbox.js_code("nobody"))
    before = len(sandbox.log())
    done = command(
        *("storage", "load", path, "--json"), "--only-failures", first, "--failures", second
    )
    assert done.code == 0
    assert (done.objects[0]["stored"], done.objects[0]["skipped"]) == (1, 1)
    assert len(sandbox.log()) == before + 1
    assert stored()["nobody"] == {"gold": "2"}


def test_load__dry_run(command, sandbox, logged_in, stored, file, tmp_path):
    """Every row is checked and every login looked up; no file is touched, nothing is sent."""
    journal, kept = tmp_path / "journal.db", tmp_path / "failures.ndjson"
    path = file("openid,gold\nA,1\nnobody,2\nB\n")
    before = len(sandbox.log())
    done = command(
        *("storage", "load", path, "--dry-run"), "--journal", journal, "--failures", kept
    )
    assert done.code == Exit.SOME_FAILED
    assert "1 rows can be stored, 2 cannot" in done.err
    assert "row 3: " in done.err
    assert "row 4: the line has 1 cells" in done.err
    assert not journal.exists()
    assert not kept.exists()
    assert stored() == {}
    assert len(sandbox.log()) == before


def test_load__a_wrong_secret_is_found_first(command, logged_in, file, tmp_path):
    """It exits with 4 before the file of failures is begun anew."""
    kept = tmp_path / "failures.ndjson"
    env = {"QQMINIGAME_APP_SECRET": "wrong"}
    done = command("storage", "load", file("openid,gold\nA,1\n"), "--failures", kept, **env)
    assert done.code == Exit.CONFIGURATION
    assert not kept.exists()


@pytest.mark.slow
def test_load__goes_on_after_a_kill(command, sandbox, logged_in, stored, tmp_path):
    """What was stored is not sent again except what was under way."""
    rows = [f"{PLAYERS[number % 3]},{number}" for number in range(150)]
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(["openid,gold", *rows, ""]))
    words = ["storage", "load", path, "--journal", tmp_path / "journal.db", "--workers", "3"]
    # Three calls are under way for a while when the signal comes.
    sandbox.script(
        {"kind": "delay", "seconds": 0.02, "times": 70},
        {"kind": "delay", "seconds": 2.0, "times": 6},
    )
    process = command.start(*words)
    wait_until(lambda: len(sandbox.log()) >= 75)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == Exit.TERMINATED
    assert b"stopped as asked" in err
    done = command(*words, "--json")
    assert done.code == 0
    assert done.objects[0]["skipped"] >= 50
    assert stored() == {player: {"gold": str(147 + n)} for n, player in enumerate(PLAYERS)}
    sent = [entry for entry in sandbox.log() if "set_user_storage" in entry["path"]]
    assert len(sent) <= 150 + 3


def test_load__how_it_is_sent(command, logged_in, stored, file):
    """By several processes, few threads, at a rate, giving up early: all is stored."""
    path = file("openid,gold\nA,1\nB,2\n")
    words = ["--processes", "2", "--workers", "3", "--per-second", "100", "--give-up-after", "5"]
    done = command.process("storage", "load", path, *words)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert stored() == GOLD


def test_load__gives_up(command, sandbox, logged_in, file):
    """After as many failures of one kind in a row as it was told; it says why."""
    rows = "".join(f"nobody-{number},1\n" for number in range(20))
    words = ["--give-up-after", "5", "--workers", "1", "--json"]
    done = command("storage", "load", file("openid,gold\n" + rows), *words)
    assert done.code == Exit.SOME_FAILED
    assert done.objects[0]["failed"] < 20
    assert "after 5 failures" in done.objects[0]["stopped_because"]


@pytest.mark.parametrize(
    ("code", "ends", "remedy"),
    [(40001, Exit.CONFIGURATION, "fix_settings"), (45009, Exit.TRY_LATER, "try_later")],
    ids=["another secret", "the quota of the day"],
)
def test_load__stops_early(command, sandbox, logged_in, file, code, ends, remedy):
    """Where no further row can succeed, the exit code says who has to act."""
    assert command("token", "refresh").code == 0
    sandbox.revoke_tokens()
    sandbox.script({"kind": "code", "code": code, "endpoint": "getToken", "times": -1})
    done = command("storage", "load", file("openid,gold\nA,1\nB,2\n"), "--json")
    assert (done.code, done.objects[0]["remedy"]) == (ends, remedy)
    assert (done.objects[0]["stored"], done.objects[0]["failed"]) == (0, 0)
    assert "no further row can succeed" in done.objects[0]["stopped_because"]


def test_load__its_names_are_documented(command, logged_in, file):
    """In the order of the docs."""
    from test_cli import NAMES

    done = command("storage", "load", file("openid,gold\nA,1\n"), "--json")
    assert list(done.objects[0]) == NAMES["storage load"]


def test_lines__a_stop_leaves_no_half_of_a_line():
    """What a pipe has of a line when the run is stopped is not taken for the whole line."""
    reader, writer = os.pipe()
    os.write(writer, b"A,1\nB,12")
    stopped = threading.Event()
    with open(reader, "rb", buffering=0) as file:
        found = lines(file, "utf-8", stopped.is_set)
        assert next(found).text == "A,1"
        stopped.set()
        assert list(found) == []
    os.close(writer)


def test_lines__come_in_pieces_of_any_size():
    """Chunks end anywhere, also within a character."""
    text = "openid,名\r\nA,张三\r\n\r\nB,㐀"
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as file:
        found = lines(file, "utf-8", lambda: False)
        thread = threading.Thread(target=write_slowly, args=(writer, text.encode()))
        thread.start()
        assert [(line.number, line.text) for line in found] == [
            (1, "openid,名"),
            (2, "A,张三"),
            (4, "B,㐀"),
        ]
        thread.join()


def write_slowly(writer, content):
    """Write byte by byte."""
    for byte in content:
        os.write(writer, bytes([byte]))
    os.close(writer)
