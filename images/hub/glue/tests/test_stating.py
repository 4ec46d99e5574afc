"""What the hub states of people's groups, and when."""

import logging
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from conftest import eventually
from kubernetes_asyncio.client import ApiException
from objects import PYTHON, group, workspace

from atoll_hub.clock import utcnow
from atoll_hub.stating import Stating


class Told(Stating):
    """States into a list, or raises what it is told to."""

    def __init__(self, *users):
        self.users, self.statements, self.refusal = users, [], None
        super().__init__(logging.getLogger("test"), lambda: self.users, self.take, timedelta(hours=24))

    async def take(self, statement):
        if self.refusal:
            raise self.refusal
        self.statements.append(statement)


def person(name, *groups, ago=0.0):
    return SimpleNamespace(
        name=name, groups=[SimpleNamespace(name=g) for g in groups], _auth_refreshed=time.monotonic() - ago
    )


async def test_what_is_new_is_stated_once():
    ada = person("ada", "b", "a")
    told = Told(ada)
    for _ in range(3):
        await told.look()
    assert [s.groups for s in told.statements] == [{"a", "b"}]
    assert abs(told.statements[0].confirmed_at - utcnow()) < timedelta(seconds=2)
    manifest = told.statements[0].manifest()
    assert manifest["metadata"] == {"name": "ada"}
    assert manifest["spec"]["groups"] == ["a", "b"]


async def test_a_change_is_stated_at_the_next_look():
    ada = person("ada", "a")
    told = Told(ada)
    await told.look()
    ada.groups = []
    ada._auth_refreshed = time.monotonic()
    await told.look()
    assert [s.groups for s in told.statements] == [{"a"}, frozenset()]


async def test_groups_that_come_a_moment_after_the_confirmation_are_stated():
    ada = person("ada", "a")
    told = Told(ada)
    await told.look()
    ada.groups = []
    await told.look()
    assert told.statements[-1].groups == frozenset()


async def test_a_confirmation_is_stated_anew_when_it_is_old():
    ada = person("ada", "a", ago=7200)
    told = Told(ada)
    await told.look()
    ada._auth_refreshed += 1800
    await told.look()
    assert len(told.statements) == 1
    ada._auth_refreshed += 5300
    await told.look()
    assert len(told.statements) == 2


async def test_nothing_is_stated_of_people_whom_nobody_has_confirmed():
    ada = person("ada", "a")
    ada._auth_refreshed = None
    told = Told(ada)
    await told.look()
    assert told.statements == []


@pytest.mark.parametrize("refusal", [ApiException(status=403, reason="Forbidden"), OSError("no route"), TimeoutError()])
async def test_what_is_not_taken_is_stated_again(refusal):
    told = Told(person("ada", "a", ago=60), person("bob", ago=60))
    told.refusal = refusal
    await told.look()
    told.refusal = None
    await told.look()
    assert {s.name for s in told.statements} == {"ada", "bob"}


async def test_a_sign_in_states_the_groups_of_the_provider(app, world, sign_in):
    await sign_in("gus", groups=["analysts", "Domain Users"])
    stated = await eventually(lambda: app.statements.get("gus"), "gus is stated")
    assert stated[-1].groups == {"analysts", "Domain Users"}


async def test_who_leaves_a_group_at_work_is_stated(app, world, provider, sign_in, pace):
    world([workspace("fraud", members=[group("analysts")])], [PYTHON])
    pace(every=0.2, refresh_groups_after=0.5)
    browser = await sign_in("hal", groups=["analysts", "buyers"])
    status, answer = await browser.api("POST", "/users/hal/servers/fraud", {"size": "small"})
    assert status in (201, 202), answer
    await eventually(lambda: app.statements.get("hal"), "hal is stated")
    provider.groups["hal"] = ["analysts"]
    await eventually(lambda: app.statements["hal"][-1].groups == {"analysts"}, "that hal left is stated")
