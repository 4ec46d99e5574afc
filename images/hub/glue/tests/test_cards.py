"""What the home page says of a running server: its outlook, its environment, its home, and the others' for an owner."""

from datetime import UTC, datetime, timedelta

import pytest
from conftest import eventually
from objects import PYTHON, profile, user, workspace

from atoll_hub import annotations, cards, environment, model
from atoll_hub.annotations import Home
from atoll_hub.culling import Hold, Limits, State, Verdict

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GIB = 1 << 30
FRAUD = workspace("fraud", members=[user("ada"), user("bob")])


@pytest.mark.parametrize(
    ("home", "says"),
    [
        (None, ""),
        (Home(7 * GIB, 10 * GIB, True), ""),
        (Home(8 * GIB, 10 * GIB, True), "80% full (8 GiB of 10 GiB). When it is full, nothing more can be saved"),
        (Home(12 * GIB, 10 * GIB, False), "120% full (12 GiB of 10 GiB). Its size is measured here and not enforced"),
        (Home(9 * GIB, 10 * GIB, False, complete=False), "is at least 90% full"),
    ],
)
def test_a_home_is_spoken_of_before_it_hurts(home, says):
    said = cards.home_note(home)
    assert says in said
    assert bool(said) is bool(says)


@pytest.mark.parametrize(
    "found",
    [
        {},
        {annotations.CULLING: "nonsense", annotations.HOME: "[]", annotations.HELD_UNTIL: "tomorrow"},
        {annotations.CULLING: "{}", annotations.HOME: '{"used": "x", "size": 1}', annotations.HELD_SINCE: ""},
        {annotations.CULLING: '{"verdict": "Pardoned", "decidedAt": "2026-11-21T12:00:00Z"}'},
        {annotations.CULLING: None, annotations.HOME: '{"used": 1, "size": 0}'},
        {annotations.CULLING: "[" * 100_000},
    ],
)
def test_what_was_edited_by_hand_is_as_if_it_were_not_there(found):
    assert annotations.read_verdict(found) is None
    assert annotations.read_home(found) is None
    assert annotations.read_hold(found) is None


def test_what_is_written_is_read_again():
    verdict = Verdict(State.ENDING, 'it said "no"', NOW, NOW - timedelta(minutes=10))
    assert annotations.read_verdict({annotations.CULLING: annotations.write_verdict(verdict, NOW)}) == (verdict, NOW)
    home = Home(5, 10, False, False)
    assert annotations.read_home({annotations.HOME: annotations.write_home(home)}) == home
    hold = Hold(NOW, NOW + timedelta(hours=1))
    assert annotations.read_hold(annotations.write_hold(hold)) == hold


@pytest.mark.parametrize(
    ("changes", "newer"),
    [
        ({}, False),
        ({"displayName": "Python 3", "description": "New words"}, False),
        ({"sizes": PYTHON["spec"]["sizes"][:1]}, False),
        ({"image": "docker.io/atoll/notebook:0.2.0"}, True),
        ({"packages": ["pandas==3.0.0"]}, True),
        ({"env": [{"name": "GREETING", "value": "hello"}]}, True),
    ],
)
def test_news_of_an_environment_are_what_a_restart_would_change(changes, newer):
    old, new = model.profile(PYTHON), model.profile(profile(PYTHON, **changes))
    said = environment.news(environment.annotations(old), "python", model.workspace(FRAUD), {"python": new})
    assert bool(said) is newer
    if newer:
        assert "A newer version of the profile Python is there" in said


def test_a_profile_that_is_gone_or_no_longer_offered_is_said():
    old = model.profile(PYTHON)
    found = environment.annotations(old)
    assert "no longer exists" in environment.news(found, "python", model.workspace(FRAUD), {})
    elsewhere = model.workspace(workspace("fraud", profiles=["gpu"]))
    assert "no longer offers" in environment.news(found, "python", elsewhere, {"python": old})


@pytest.fixture
async def ada(app, world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    browser = await sign_in("ada")
    assert (await browser.api("POST", "/users/ada/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    return browser


async def text(browser, selector):
    _, page = await browser.open("/hub/home")
    found = page.select_one(selector)
    return " ".join(found.get_text().split()) if found else None


async def test_a_running_server_keeps_its_environment_and_the_page_says_a_newer_one_is_there(ada, world, cluster):
    pod = cluster.objects["Pod", "ws-fraud", "notebook-ada"]
    assert await text(ada, "#news-fraud") is None
    world([FRAUD], [profile(PYTHON, image="docker.io/atoll/notebook:0.2.0")])
    assert "(docker.io/atoll/notebook:0.2.0)" in await text(ada, "#news-fraud")
    assert cluster.objects["Pod", "ws-fraud", "notebook-ada"] is pod
    assert pod.spec.containers[0].image == "docker.io/atoll/notebook:0.1.0"


async def test_a_restart_gets_the_newer_environment(app, ada, world, cluster):
    world([FRAUD], [profile(PYTHON, image="docker.io/atoll/notebook:0.2.0")])
    assert (await ada.api("DELETE", "/users/ada/servers/fraud"))[0] in (202, 204)
    await eventually(lambda: "fraud" not in app.users["ada"].spawners, "the server is stopped")
    assert (await ada.api("POST", "/users/ada/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    assert cluster.objects["Pod", "ws-fraud", "notebook-ada"].spec.containers[0].image.endswith(":0.2.0")
    assert await text(ada, "#news-fraud") is None


async def test_the_page_warns_before_a_server_is_stopped(app, ada):
    spawner = app.users["ada"].spawners["fraud"]
    verdict = Verdict(State.ENDING, "nothing happened in it", NOW, NOW - timedelta(minutes=5))
    await spawner.annotate({annotations.CULLING: annotations.write_verdict(verdict, datetime.now(UTC))})
    said = await text(ada, "#warning-fraud")
    assert "about to be stopped, at 2026-11-21 12:00 UTC: nothing happened in it" in said


@pytest.mark.parametrize(
    ("max_hold", "says"), [(4, "Work in it, or hold it, and it stays."), (0, "Work in it and it stays.")]
)
def test_a_warning_speaks_of_holding_where_that_is_allowed(max_hold, says):
    limits = Limits(timedelta(hours=1), timedelta(hours=max_hold), timedelta(hours=24))
    told = Verdict(State.ENDING, "nothing happened in it", NOW, NOW)
    found = {annotations.CULLING: annotations.write_verdict(told, NOW)}
    assert says in cards.server(found, "python", None, {}, limits, NOW).warning


async def test_the_page_shows_how_full_the_home_is(app, ada):
    spawner = app.users["ada"].spawners["fraud"]
    await spawner.annotate({annotations.HOME: annotations.write_home(Home(96, 100, True))})
    assert "96% full" in await text(ada, ".alert-danger#home-fraud")


async def test_an_owner_sees_what_becomes_of_all_servers(ada, world, sign_in):
    olga = await sign_in("olga")
    _, page = await olga.open("/hub/home")
    row = page.select_one("#servers-fraud tr[data-person=ada]")
    assert [c.get_text() for c in row.select("td")][:2] == ["ada", "python"]
    _, page = await ada.open("/hub/home")
    assert page.select_one("#servers-fraud") is None


async def test_why_a_server_was_stopped_is_said_until_it_is_started_again(app, ada, cluster):
    hub = app.users["ada"]
    app.keeper._end(hub, "fraud", "idle", "nothing happened in it since noon")
    await eventually(lambda: "fraud" not in hub.spawners, "the server is stopped")
    assert "stopped at" in await text(ada, "#ended-fraud")
    assert "nothing happened in it since noon" in await text(ada, "#ended-fraud")
    assert (await ada.api("POST", "/users/ada/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: hub.spawners["fraud"].ready, "ada's server is ready")
    assert await text(ada, "#ended-fraud") is None
