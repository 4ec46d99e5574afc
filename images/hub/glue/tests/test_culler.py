"""What is gathered of a server and written on its pod, with servers that answer what a test wants."""

import json
from datetime import datetime, timedelta

import pytest
from conftest import eventually
from fakes import refusal
from objects import PYTHON, user, workspace

from atoll_hub import activity, annotations, culler
from atoll_hub.activity import Activity
from atoll_hub.annotations import Home
from atoll_hub.clock import utcnow

FRAUD = workspace("fraud", members=[user("ada")], culling={"idleAfter": "1h", "maxHold": "8h"})


@pytest.fixture
async def answers(app, world, cluster, sign_in, monkeypatch):
    """ada's server, which answers what is put in answers.says; nobody looks at it but the test."""

    async def look_at_none():
        """In place of the hub's own looks."""

    monkeypatch.setattr(app.keeper, "look", look_at_none)

    class Answers:
        says = Activity(utcnow())
        tokens = ()

        async def ask(self, url, token, now):
            self.tokens = (*self.tokens, token)
            return self.says

        async def look(self):
            spawner = app.users["ada"].spawners["fraud"]
            return await app.keeper.culler.look(app.users["ada"], "fraud", spawner)

        @property
        def pod(self):
            return cluster.pods["ws-fraud/notebook-ada"]["metadata"]["annotations"]

        @property
        def verdict(self):
            return json.loads(self.pod[annotations.CULLING])

        @property
        def spawner(self):
            return app.users["ada"].spawners["fraud"]

    fake = Answers()
    monkeypatch.setattr(app.keeper.culler, "_asker", fake)
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    assert (await ada.api("POST", "/users/ada/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: fake.spawner.ready, "ada's server is ready")
    fake.spawner.orm_spawner.started = (utcnow() - timedelta(hours=9)).replace(tzinfo=None)
    fake.spawner.noted = {}
    cluster.patches.clear()
    return fake


def ago(**time):
    return utcnow() - timedelta(**time)


def naive(moment: datetime):
    return moment.replace(tzinfo=None)


async def test_the_connection_of_a_forgotten_page_is_no_activity(answers):
    answers.spawner.orm_spawner.last_activity = naive(utcnow())
    answers.says = Activity(ago(minutes=30))
    await answers.look()
    assert answers.verdict["verdict"] == "Idle"
    assert annotations.moment(answers.verdict["stopsAt"]) - ago(minutes=-30) < timedelta(seconds=5)


async def test_where_a_server_cannot_say_the_proxy_s_record_counts(answers):
    answers.spawner.orm_spawner.last_activity = naive(utcnow())
    answers.says = Activity(None, unseen=activity.NO_ANSWER)
    await answers.look()
    assert answers.verdict["verdict"] == "Active"


async def test_a_stop_needs_two_looks_with_the_notice_between_them(answers, cluster):
    answers.says = Activity(ago(hours=5))
    assert await answers.look() == ""
    assert answers.verdict["verdict"] == "Ending"
    assert annotations.moment(answers.verdict["stopsAt"]) > ago(minutes=-9)
    # The notice as it stands on the pod, told eleven minutes ago.
    told = answers.verdict | {"warnedAt": annotations.stamp(ago(minutes=11))}
    cluster.pods["ws-fraud/notebook-ada"]["metadata"]["annotations"][annotations.CULLING] = json.dumps(told)
    answers.spawner.noted = {}
    assert "nothing happened in it since" in await answers.look()
    assert answers.verdict["verdict"] == "Stop"


async def test_a_notice_that_could_not_be_written_is_none(answers, cluster):
    answers.says = Activity(ago(hours=5))
    cluster.refusals["patch"] = refusal(500, "etcd is away")
    for _ in range(3):
        with pytest.raises(Exception, match="500"):
            await answers.look()
    del cluster.refusals["patch"]
    assert await answers.look() == ""
    assert answers.verdict["verdict"] == "Ending"


async def test_a_server_in_use_is_written_down_seldom(answers, cluster):
    for seconds in range(200, 0, -10):
        answers.says = Activity(ago(seconds=seconds))
        await answers.look()
    assert len(cluster.patches) == 1
    answers.says = Activity(ago(minutes=20))
    await answers.look()
    assert len(cluster.patches) == 2


async def test_a_verdict_that_stays_is_written_again_after_ten_minutes(answers, cluster, monkeypatch):
    answers.says = Activity(utcnow(), busy=("a kernel runs a cell",))
    await answers.look()
    await answers.look()
    assert len(cluster.patches) == 1
    monkeypatch.setattr(culler, "REWRITTEN_AFTER", timedelta(0))
    await answers.look()
    assert len(cluster.patches) == 2


async def test_how_full_a_home_is_is_written_when_it_moves(answers, cluster):
    for used, patches in ((500, 1), (505, 1), (511, 2), (400, 3)):
        answers.says = Activity(utcnow(), home=Home(used, 1000, False))
        await answers.look()
        assert len(cluster.patches) == patches
    assert json.loads(answers.pod[annotations.HOME]) == {
        "used": 400,
        "size": 1000,
        "enforced": False,
        "complete": True,
    }


async def test_where_idle_servers_are_not_stopped_that_is_said(app, answers, monkeypatch):
    monkeypatch.setattr(app.keeper.culler, "_enabled", False)
    answers.says = Activity(ago(hours=500))
    assert await answers.look() == ""
    assert answers.verdict["verdict"] == "Off"


async def test_the_token_that_asks_opens_one_server_only(app, answers):
    await answers.look()
    await answers.look()
    assert len(set(answers.tokens)) == 1
    row = culler.orm.APIToken.find(app.db, answers.tokens[0])
    assert row.scopes == ["access:servers!server=ada/fraud"]
    assert row.expires_at - naive(utcnow()) <= timedelta(hours=1)


async def test_a_pod_that_is_gone_is_no_error(answers, cluster):
    cluster.refusals["patch"] = refusal(404, "not found")
    assert await answers.look() == ""
