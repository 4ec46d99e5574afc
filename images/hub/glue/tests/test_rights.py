"""Rights end when membership ends: what a removed person loses, what they keep, and how long it takes."""

import asyncio
import os
import statistics
import time
from datetime import timedelta

import aiohttp
import pytest
from conftest import eventually
from jupyterhub import orm
from objects import PYTHON, group, user, workspace

from atoll_hub import rights
from atoll_hub.clock import utcnow
from atoll_hub.model import Person
from atoll_hub.model import workspace as read
from atoll_hub.view import View

TRIALS = int(os.environ.get("ATOLL_TRIALS", "20"))
# What the documentation promises, with the hub's default of one look a minute never waited for.
BOUND_SECONDS = 30


def fraud(*members, **spec):
    return workspace("fraud", members=list(members), **spec)


OTHER = workspace("other", members=[user("ada")])


@pytest.fixture
def start(app, sign_in):
    async def run(person, groups=None):
        browser = await sign_in(person, groups)
        status, answer = await browser.api("POST", f"/users/{person}/servers/fraud", {"size": "small"})
        assert status in (201, 202), answer
        spawner = app.users[person].spawners["fraud"]
        await eventually(lambda: spawner.ready, f"{person}'s server is ready", 90)
        return browser, spawner

    return run


async def who(browser, token):
    """The hub's answer to a program that shows this token, and no cookie."""
    headers = {"Authorization": f"token {token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{browser.hub}/hub/api/user") as answer:
        return answer.status


async def own_token(browser, person, **body):
    status, answer = await browser.api("POST", f"/users/{person}/tokens", {"note": "mine", **body})
    assert status == 201, answer
    return answer["token"]


def running(cluster, person="ada"):
    return f"ws-fraud/notebook-{person}" in cluster.pods


async def test_removal_stops_the_server_and_keeps_what_is_the_person_s(app, world, cluster, start):
    world([fraud(user("ada")), OTHER], [PYTHON])
    ada, spawner = await start("ada")
    token, path = spawner.api_token, spawner.server_path
    everywhere, here = (
        await own_token(ada, "ada"),
        await own_token(ada, "ada", scopes=["access:servers!server=ada/fraud"]),
    )
    assert [await who(ada, t) for t in (token, everywhere, here)] == [200, 200, 200]

    world([fraud(), OTHER], [PYTHON])
    await eventually(lambda: not running(cluster), "ada's server is gone")
    await eventually(lambda: "fraud" not in app.users["ada"].spawners, "the hub knows")
    assert [await who(ada, t) for t in (token, everywhere, here)] == [403, 200, 403]
    assert not app.db.query(orm.OAuthClient).filter_by(identifier="jupyterhub-user-ada-fraud").count()
    assert path not in await app.proxy.get_all_routes()
    kept = {kind for kind, namespace, _ in cluster.objects if namespace == "ws-fraud"}
    assert kept == {"ServiceAccount", "PersistentVolumeClaim"}

    _, page = await ada.open("/hub/home")
    assert [c["id"] for c in page.select("section")] == ["workspace-other", "workspace-fraud"]
    said = page.select_one("#ended-fraud").get_text()
    assert "no longer a member of the workspace Fraud" in said
    assert "your files there are kept" in said
    assert page.select_one("#start-fraud") is None
    assert (await ada.api("POST", "/users/ada/servers/fraud"))[0] == 403


async def test_a_hub_that_started_anew_ends_tokens_it_has_forgotten(app, world, cluster, start):
    world([fraud(user("ada")), OTHER], [PYTHON])
    ada, spawner = await start("ada")
    token, spawner.api_token = spawner.api_token, ""
    await eventually(lambda: app.keeper.culler._tokens.get(spawner.server_path), "the hub has asked the server")
    asking, _ = app.keeper.culler._tokens[spawner.server_path]
    assert [await who(ada, t) for t in (token, asking)] == [200, 200]
    world([fraud(), OTHER], [PYTHON])
    await eventually(lambda: not running(cluster), "ada's server is gone")
    assert [await who(ada, t) for t in (token, asking)] == [403, 403]


async def test_what_a_new_hub_finds(app, world, cluster, start):
    world([fraud(user("ada"), group("analysts"))], [PYTHON])
    _, spawner = await start("bob", groups=["analysts"])
    spawner.ended = {"why": "idle", "reason": "quiet", "at": "2026-11-21T12:00:00Z"}
    again = app.users["bob"]._new_spawner("again")
    again.load_state(spawner.get_state())
    assert again.ended == spawner.ended
    assert abs(again.confirmed_at - spawner.confirmed_at) < timedelta(seconds=2)


async def test_a_proxy_that_is_away_holds_up_no_end(app, world, cluster, start, monkeypatch):
    world([fraud(user("ada"))], [PYTHON])
    await start("ada")

    async def away(*_):
        raise ConnectionRefusedError

    monkeypatch.setattr(app.proxy, "delete_route", away)
    world([fraud()], [PYTHON])
    await eventually(lambda: not running(cluster), "ada's server is gone")


async def test_who_belongs_nowhere_loses_every_token(world, cluster, start):
    world([fraud(user("ada"))], [PYTHON])
    ada, _ = await start("ada")
    mine = await own_token(ada, "ada")
    world([fraud()], [PYTHON])
    await eventually(lambda: not running(cluster), "ada's server is gone")
    assert await who(ada, mine) == 403
    _, page = await ada.open("/hub/home")
    assert page.select_one("#ended-fraud")


async def test_who_came_and_went_between_two_looks_loses_every_token(app, world, cluster, start):
    world([fraud(user("ada"))], [PYTHON])
    ada, _ = await start("ada")
    mine = await own_token(ada, "ada")
    app.keeper._belonging = rights.Belonging()
    world([fraud()], [PYTHON])
    await eventually(lambda: not running(cluster), "ada's server is gone")
    assert await who(ada, mine) == 403


async def test_a_demoted_person_keeps_a_viewer_s_page(world, cluster, start):
    world([fraud(user("ada"))], [PYTHON])
    ada, spawner = await start("ada")
    token = spawner.api_token
    world([fraud(user("ada", "Viewer"))], [PYTHON])
    await eventually(lambda: not running(cluster), "ada's server is gone")
    assert await who(ada, token) == 403
    _, page = await ada.open("/hub/home")
    assert "viewer" in page.select_one("#note-fraud").get_text()
    assert "viewer" in page.select_one("#ended-fraud").get_text()
    assert page.select_one("#start-fraud") is None


async def test_a_group_that_is_removed_ends_its_members_servers_only(world, cluster, start):
    world([fraud(user("ada"), group("analysts"))], [PYTHON])
    await start("bob", groups=["analysts"])
    await start("ada", groups=["analysts"])
    world([fraud(user("ada"))], [PYTHON])
    await eventually(lambda: not running(cluster, "bob"), "bob's server is gone")
    assert running(cluster, "ada")


async def test_who_leaves_a_group_at_the_provider_loses_their_server(world, cluster, provider, start, pace):
    world([fraud(user("ada"), group("analysts"))], [PYTHON])
    pace(every=0.2, refresh_groups_after=0.5)
    await start("bob", groups=["analysts"])
    calls = provider.calls["userinfo"]
    await eventually(lambda: provider.calls["userinfo"] > calls, "bob's groups are read again")
    assert running(cluster, "bob")
    provider.groups["bob"] = ["guests"]
    await eventually(lambda: not running(cluster, "bob"), "bob's server is gone", 10)


async def test_people_in_no_group_are_not_asked_about(world, provider, start, pace):
    world([fraud(user("ada"), group("analysts"))], [PYTHON])
    await start("ada")
    pace(every=0.1, refresh_groups_after=0.1)
    calls = provider.calls["userinfo"]
    await asyncio.sleep(0.6)
    assert provider.calls["userinfo"] == calls


async def test_groups_that_nobody_confirms_are_believed_for_a_while(world, cluster, provider, start, pace):
    world([fraud(user("ada"), group("analysts"))], [PYTHON])
    _, spawner = await start("bob", groups=["analysts"])
    provider.sign_out("bob")
    pace(every=0.2, refresh_groups_after=0.1, trust_groups_for=timedelta(seconds=1.5))
    await asyncio.sleep(0.6)
    assert running(cluster, "bob"), "a session that ended is no reason to stop what runs"
    await eventually(lambda: not running(cluster, "bob"), "bob's server is gone", 10)
    assert "Sign in again" in spawner.ended["reason"]


async def test_a_workspace_that_cannot_be_read_takes_no_rights_away(app, world, cluster, start):
    world([fraud(user("ada"))], [PYTHON])
    await start("ada")
    app.view.unreadable = frozenset(["fraud"])
    try:
        world([], [PYTHON])
        await asyncio.sleep(0.5)
        assert running(cluster)
    finally:
        world([fraud(user("ada"))], [PYTHON])
        app.view.unreadable = frozenset()


async def test_a_server_that_is_still_starting_is_ended_as_well(app, world, cluster, sign_in):
    world([fraud(user("ada"))], [PYTHON])
    ada = await sign_in("ada")
    hold_up = asyncio.Event()
    create = cluster.create_namespaced_pod

    async def slow(namespace, body):
        await hold_up.wait()
        await create(namespace, body)

    cluster.create_namespaced_pod = slow
    request = asyncio.create_task(ada.api("POST", "/users/ada/servers/fraud"))
    spawners = app.users["ada"].spawners
    await eventually(lambda: "fraud" in spawners and spawners["fraud"].pending == "spawn", "the server is starting")
    await eventually(lambda: ("Secret", "ws-fraud", "notebook-ada") in cluster.objects, "it has its token")
    token = spawners["fraud"].api_token
    world([fraud()], [PYTHON])
    tokens = app.db.query(orm.APIToken).filter_by(note="Server at /user/ada/fraud/")
    await eventually(lambda: not tokens.count(), "its token is revoked")
    assert await who(ada, token) == 403
    hold_up.set()
    await request
    await eventually(lambda: not running(cluster) and not spawners.get("fraud"), "ada's server is gone")


async def test_administrators_keep_their_tokens(app, world, sign_in):
    world([fraud()], [PYTHON])
    root = await sign_in("root-like", groups=["platform"])
    token = await own_token(root, "root-like")
    app.keeper.wake()
    await asyncio.sleep(0.5)
    assert await who(root, token) == 200


def test_why_rights_are_lost():
    view = View({"fraud": read(fraud(user("ada"), user("vic", "Viewer"), group("analysts")))}, {})
    assert rights.lost(view, Person("ada"), "fraud") == ""
    assert rights.lost(view, Person("bob", frozenset(["analysts"])), "fraud") == ""
    assert "no longer a member" in rights.lost(view, Person("bob"), "fraud")
    assert "viewer" in rights.lost(view, Person("vic"), "fraud")
    assert "deleted" in rights.lost(view, Person("ada"), "gone")
    assert rights.rests_on_groups(view.workspaces["fraud"], Person("bob", frozenset(["analysts"])))
    assert rights.rests_on_groups(view.workspaces["fraud"], Person("vic", frozenset(["analysts"])))
    assert not rights.rests_on_groups(view.workspaces["fraud"], Person("ada", frozenset(["analysts"])))
    now = utcnow()
    assert rights.unconfirmed(now - timedelta(hours=25), timedelta(hours=24), now)
    assert not rights.unconfirmed(now - timedelta(hours=23), timedelta(hours=24), now)
    assert not rights.unconfirmed(None, timedelta(hours=24), now)


async def test_time_from_removal_to_the_end(app, world, real_servers, start, pace, capsys):
    """With real servers: from the change of the workspace until the token is refused and the process is gone."""
    # Rights do not wait for the next look.
    pace(every=10)
    refused, gone = [], []
    for _ in range(TRIALS):
        world([fraud(user("ada")), OTHER], [PYTHON])
        ada, spawner = await start("ada")
        token, process = spawner.api_token, real_servers.processes["ws-fraud/notebook-ada"]
        began = time.monotonic()
        world([fraud(), OTHER], [PYTHON])
        while await who(ada, token) != 403:
            assert time.monotonic() - began < BOUND_SECONDS, "the token still holds"
            await asyncio.sleep(0.005)
        refused.append(time.monotonic() - began)
        while process.poll() is None or running(real_servers):
            assert time.monotonic() - began < BOUND_SECONDS, "the server still runs"
            await asyncio.sleep(0.005)
        gone.append(time.monotonic() - began)
        await eventually(lambda: "fraud" not in app.users["ada"].spawners, "the hub is done")
    with capsys.disabled():
        for what, times in (("token refused", refused), ("server gone", gone)):
            p50 = statistics.median(times)
            print(f"\nremoval, {TRIALS} trials, {what}: p50 {p50:.3f} s, max {max(times):.3f} s", end="")
    assert max(gone) < BOUND_SECONDS
