from datetime import UTC, datetime, timedelta

import pytest

from atoll_hub.culling import Facts, Hold, Limits, State, decide, hold_ends, spell

T0 = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# An hour of idling, so ten minutes of notice; holds of up to four hours.
HOUR = Limits(timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))
SHORT = Limits(timedelta(minutes=8), timedelta(0), timedelta(hours=24))
OFF = Limits(timedelta(hours=1), timedelta(hours=4), timedelta(hours=24), enabled=False)
UNSEEN = "it does not answer the hub"


def at(minutes):
    return T0 + timedelta(minutes=minutes)


def facts(**known):
    return Facts(T0, **known)


def held(minutes, since=0):
    return Hold(at(since), at(since + minutes))


@pytest.mark.parametrize(
    ("known", "limits", "minute", "state", "stops"),
    [
        ("just used", HOUR, 0, State.ACTIVE, 60),
        ("just used", HOUR, 9.9, State.ACTIVE, 60),
        ("just used", HOUR, 10, State.IDLE, 60),
        ("just used", HOUR, 49.9, State.IDLE, 60),
        ("just used", HOUR, 50, State.ENDING, 60),
        ("warned at 50", HOUR, 59.9, State.ENDING, 60),
        ("warned at 50", HOUR, 60, State.STOP, 60),
        # The hub was away: the notice begins when it is back, and runs in full.
        ("just used", HOUR, 200, State.ENDING, 210),
        ("warned at 200", HOUR, 209.9, State.ENDING, 210),
        ("warned at 200", HOUR, 210, State.STOP, 210),
        # A notice that was given before the last activity is void.
        ("warned before", HOUR, 61, State.ENDING, 71),
        ("busy", HOUR, 100_000, State.BUSY, None),
        ("busy, held, warned", HOUR, 100_000, State.BUSY, None),
        ("held for 2h", HOUR, 30, State.HELD, 120),
        ("held for 2h", HOUR, 109.9, State.HELD, 120),
        ("held for 2h", HOUR, 110, State.ENDING, 120),
        ("held for 2h, warned at 110", HOUR, 120, State.STOP, 120),
        # The hold began after the notice, which is void with it.
        ("warned at 50, held at 55 for 10m", HOUR, 66, State.ENDING, 76),
        # A hold never shortens: this one ends before the server would be stopped anyway.
        ("held for 30m", HOUR, 35, State.IDLE, 60),
        ("held for 30m", HOUR, 20, State.HELD, 60),
        # The workspace allows four hours now, whatever it allowed when the hold began.
        ("held for 90h", HOUR, 230, State.ENDING, 240),
        ("held for 2h", SHORT, 7, State.ENDING, 9),
        ("unseen", HOUR, 70, State.UNKNOWN, 24 * 60),
        ("unseen", HOUR, 24 * 60 - 10, State.ENDING, 24 * 60),
        ("unseen, warned in time", HOUR, 24 * 60, State.STOP, 24 * 60),
        ("unseen", Limits(timedelta(hours=48), timedelta(0), timedelta(hours=24)), 25 * 60, State.UNKNOWN, 48 * 60),
        ("just used", OFF, 100_000, State.OFF, None),
        ("just used", SHORT, 6, State.ENDING, 8),
        ("just used", SHORT, 5.9, State.IDLE, 8),
    ],
)
def test_the_decision(known, limits, minute, state, stops):
    stated = {
        "just used": facts(),
        "warned at 50": facts(warned_at=at(50)),
        "warned at 200": facts(warned_at=at(200)),
        "warned before": facts(warned_at=at(-5)),
        "busy": facts(busy=("a kernel runs a cell",)),
        "busy, held, warned": facts(busy=("a kernel runs a cell",), hold=held(5), warned_at=at(1)),
        "held for 30m": facts(hold=held(30)),
        "held for 2h": facts(hold=held(120)),
        "held for 2h, warned at 110": facts(hold=held(120), warned_at=at(110)),
        "held for 90h": facts(hold=held(90 * 60)),
        "warned at 50, held at 55 for 10m": facts(hold=held(10, since=55), warned_at=at(50)),
        "unseen": facts(unseen=UNSEEN),
        "unseen, warned in time": facts(unseen=UNSEEN, warned_at=at(24 * 60 - 10)),
    }[known]
    verdict = decide(stated, limits, at(minute))
    assert (verdict.state, verdict.stops_at) == (state, at(stops) if stops else None)


def test_nothing_is_stopped_that_was_not_told_for_the_whole_notice():
    """Whenever and however often one looks, with whatever gaps: a stop follows a full notice, and no activity."""
    for step in (1, 3, 7, 45, 170):
        warned, minute = None, 0
        while True:
            verdict = decide(facts(warned_at=warned), HOUR, at(minute))
            if verdict.state is State.STOP:
                break
            warned = verdict.warned_at
            minute += step
            assert minute < 1000
        assert warned is not None
        assert at(minute) - warned >= HOUR.notice
        assert minute >= 60


def test_reasons_are_for_people():
    assert decide(facts(busy=("a kernel runs a cell", "sleep runs in it")), HOUR, at(9)).reason == (
        "a kernel runs a cell; sleep runs in it"
    )
    assert decide(facts(), HOUR, at(55)).reason == (
        "nothing happened in it since 2026-11-21 12:00 UTC, and this workspace stops idle servers after 1h"
    )
    assert decide(facts(hold=held(120)), HOUR, at(55)).reason == (
        "nothing happened in it since 2026-11-21 12:00 UTC; its person holds it until 2026-11-21 14:00 UTC"
    )
    assert (
        "it does not answer the hub: such a server is stopped after 24h"
        in decide(facts(unseen=UNSEEN), HOUR, at(55)).reason
    )


def test_the_end_of_a_hold():
    assert hold_ends(held(120), HOUR, at(60)) == at(120)
    assert hold_ends(held(120), HOUR, at(120)) is None
    assert hold_ends(held(90 * 60), HOUR, at(60)) == at(240)
    assert hold_ends(held(120), SHORT, at(60)) is None
    assert hold_ends(None, HOUR, at(60)) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (45, "45s"), (600, "10m"), (5400, "1h30m"), (604800, "168h"), (3601, "1h1s")]
)
def test_durations_are_spelled_as_go_does(seconds, text):
    assert spell(timedelta(seconds=seconds)) == text
