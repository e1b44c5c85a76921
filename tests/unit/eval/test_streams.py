"""What the benchmark of streams makes of answers, and what its scripted model sends."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from eval.latency import Times
from eval.peer import PeerFailed, serving
from eval.scripted_server import Writing, Written, tokens
from eval.scripting import Claim, reply
from eval.streams import Heard, InProcess, Service, StreamReport, streams_of

CLAIMS = [
    Claim('The "old" gate was shut.', 1, 'The "old" gate was shut.'),
    Claim("It rained.", 2, "It rained."),
    Claim("It rained.", 3, "It rained."),
]
WRITING = Writing(
    model="scripted",
    system="s",
    prompt="p",
    began_at=10.2,
    statements=[Written(text="It\nrained.", at=12.0), Written(text="It stopped.", at=13.0)],
)
HEARD = Heard(
    question="Did it rain?",
    asked_at=10.0,
    statements=[Written(text="It rained.", at=12.5), Written(text="It stopped.", at=13.1)],
    parts_at=[10.1, 12.5, 13.1],
    by_model=True,
)


def test_a_reply_comes_in_tokens_each_with_the_statements_that_end_in_it() -> None:
    text, ended_at = "", []
    for token, ended in tokens(CLAIMS):
        text += token
        ended_at += [(one, text) for one in ended]
    assert text == reply(*CLAIMS)
    assert [one for one, _ in ended_at] == [one.text for one in CLAIMS]
    for count, (_, until) in enumerate(ended_at, 1):
        assert until.count("]}") >= count
        assert reply(*CLAIMS[:count])[: -len("]}")] in until


def test_what_a_reader_waits_for_is_of_the_clock_and_what_it_computes_of_its_cpu_too() -> None:
    model = InProcess()
    for _ in model.reply("s", "p", within_s=5):
        time.sleep(0.05)
    for _ in model.reply("s", "p", within_s=5):
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass
    parts = len(list(model.reply("s", "p", within_s=5)))
    waiting, computing, idle = zip(model.cpu_ms, model.wall_ms, strict=True)
    assert waiting[0] < 25 * parts < 50 * parts <= waiting[1]
    assert 50 * parts <= computing[0] <= computing[1]
    assert 0 < idle[0] < 25 * parts


def test_a_reply_that_another_thread_reads_on_is_not_measured() -> None:
    parts = InProcess().reply("s", "p", within_s=5)
    next(parts)
    with ThreadPoolExecutor(1) as other, pytest.raises(RuntimeError, match="one thread"):
        other.submit(next, parts).result()


@pytest.mark.parametrize(
    ("cpu_ms", "wall_ms", "passed"), [(30, 120, True), (30.1, 31, False), (5, 120.1, False)]
)
def test_verification_may_take_so_much_of_both_clocks(
    cpu_ms: float, wall_ms: float, *, passed: bool
) -> None:
    report = StreamReport(
        checking_cpu_ms=Times(p50_ms=1, p95_ms=cpu_ms),
        checking_wall_ms=Times(p50_ms=1, p95_ms=wall_ms),
        sides={},
    )
    assert report.passed == passed


def test_no_answer_may_fail() -> None:
    few = Times(p50_ms=1, p95_ms=1)
    lost = replace(HEARD, by_model=False)
    sides = {"a": streams_of([lost], {"Did it rain?": WRITING}, None)}
    assert not StreamReport(checking_cpu_ms=few, checking_wall_ms=few, sides=sides).passed


def test_a_reply_without_statements_is_sent_too() -> None:
    assert "".join(token for token, _ in tokens([])) == '{"statements": []}'


def test_delays_are_told_from_what_the_model_took() -> None:
    found = streams_of([HEARD], {"Did it rain?": WRITING}, 7.0)
    assert found.first.p50_ms == pytest.approx(2_500)
    assert found.written.p50_ms == pytest.approx(2_000)
    assert found.before.p50_ms == pytest.approx(200)
    assert found.after.p50_ms == pytest.approx(300)  # of 500 and 100
    assert found.longest_after == pytest.approx(500)
    assert found.longest_silence == pytest.approx(2_400)  # from 10.1 to 12.5
    assert (found.statements, found.stated, found.failed, found.longest_stall) == (2, 2, 0, 7.0)


def test_an_answer_without_the_model_failed_unless_the_model_stated_nothing() -> None:
    lost = replace(HEARD, by_model=False, statements=[])
    silent = replace(WRITING, statements=[])
    for writings, failed in (
        ({}, 1),
        ({"Did it rain?": WRITING}, 1),
        ({"Did it rain?": silent}, 0),
    ):
        found = streams_of([lost], writings, None)
        assert (found.failed, found.statements, found.answers) == (failed, 0, 1)


def test_a_server_that_is_gone_is_a_failed_answer() -> None:
    heard = Service("http://127.0.0.1:9").ask(("default", "Did it rain?"))
    assert not heard.by_model
    assert streams_of([heard], {}, None).failed == 1


def test_a_server_that_does_not_start_is_told_with_its_last_words() -> None:
    command = [sys.executable, "-c", "raise SystemExit('no disk')"]
    with pytest.raises(PeerFailed, match="no disk"), serving(command):
        pass
