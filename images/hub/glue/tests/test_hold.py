from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from conftest import eventually
from fakes import refusal
from objects import PYTHON, user, workspace

from atoll_hub import hold, model
from atoll_hub.refusal import Refused

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FRAUD = model.workspace(workspace("fraud", culling={"maxHold": "8h"}))
NO_HOLD = model.workspace(workspace("fraud", culling={"maxHold": "0s"}))
ALLOWED = "a duration such as 30m or 8h, from 1m to 8h"


@pytest.mark.parametrize(("asked", "hours"), [("1m", 1 / 60), ("30m", 0.5), ("1h30m", 1.5), ("1.5h", 1.5), ("8h", 8)])
def test_what_may_be_asked_for(asked, hours):
    made = hold.asked({"for": asked}, FRAUD, NOW)
    assert (made.since, made.until) == (NOW, NOW + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (None, 400, "The body is an object with one field, for"),
        ([], 400, "The body is an object with one field, for"),
        ("8h", 400, "The body is an object with one field, for"),
        ({}, 400, "The field for is missing"),
        ({"until": "8h"}, 400, "Unknown field 'until'"),
        ({"for": "8h", "person": "bob"}, 400, "Unknown field 'person'"),
        ({"for": 8}, 400, "for: '8' is no duration"),
        ({"for": None}, 400, "for: 'None' is no duration"),
        ({"for": ""}, 400, "for: '' is no duration"),
        ({"for": "8"}, 400, "for: '8' is no duration"),
        ({"for": "-1h"}, 400, "for: '-1h' is no duration"),
        ({"for": "1d"}, 400, "for: '1d' is no duration"),
        ({"for": "8 h"}, 400, "for: '8 h' is no duration"),
        ({"for": "forever"}, 400, "for: 'forever' is no duration"),
        ({"for": "\uff11h"}, 400, "is no duration"),
        ({"for": "1h" * 50}, 400, "is no duration"),
        ({"for": "0s"}, 400, "for: 0s is too short"),
        ({"for": "59s"}, 400, "for: 59s is too short"),
        ({"for": "8h1s"}, 400, "for: 8h1s is longer than workspace Fraud allows (culling.maxHold)"),
        ({"for": "999999999999999h"}, 400, "is longer than workspace Fraud allows (culling.maxHold)"),
    ],
)
def test_what_may_not(body, status, says):
    with pytest.raises(Refused) as refused:
        hold.asked(body, FRAUD, NOW)
    assert refused.value.status_code == status
    assert says in refused.value.jupyterhub_message
    assert ALLOWED in refused.value.jupyterhub_message


def test_a_workspace_may_forbid_it():
    with pytest.raises(Refused) as refused:
        hold.asked({"for": "1h"}, NO_HOLD, NOW)
    assert refused.value.status_code == 403
    assert "culling.maxHold is 0s" in refused.value.jupyterhub_message
    assert "olga" in refused.value.jupyterhub_message
    assert hold.offered(NO_HOLD) == []


def test_the_page_offers_what_is_allowed():
    assert hold.offered(FRAUD) == ["1h", "4h", "8h"]
    assert hold.offered(model.workspace(workspace("fraud", culling={"maxHold": "30m"}))) == ["30m"]
    assert hold.offered(model.workspace(workspace("fraud", culling={}))) == ["1h", "4h", "8h", "24h"]


PATH = "/users/ada/servers/fraud/hold"
WORLD = workspace("fraud", members=[user("ada"), user("bob")], culling={"idleAfter": "1h", "maxHold": "8h"})


@pytest.fixture
async def ada(app, world, cluster, sign_in):
    """ada, with a server that runs."""
    world([WORLD], [PYTHON])
    browser = await sign_in("ada")
    assert (await browser.api("POST", "/users/ada/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    return browser


def pod(cluster):
    return cluster.pods["ws-fraud/notebook-ada"]["metadata"]["annotations"]


async def test_a_person_holds_their_server_and_lets_it_go(ada, cluster):
    status, answer = await ada.api("POST", PATH, {"for": "2h"})
    assert status == 200
    assert pod(cluster)["atoll.dev/held-until"] == answer["heldUntil"]
    assert (await ada.api("GET", PATH))[1] == answer
    _, page = await ada.open("/hub/home")
    assert "You hold it until" in page.select_one("#held-fraud").get_text()
    assert [o["value"] for o in page.select("#hold-for-fraud option")] == ["1h", "4h", "8h"]
    assert (await ada.api("DELETE", PATH)) == (200, {"heldUntil": None})
    assert "atoll.dev/held-until" not in pod(cluster)
    _, page = await ada.open("/hub/home")
    assert page.select_one("#held-fraud") is None


async def test_a_hold_outlives_the_hub(app, ada, cluster):
    """It stands on the pod: a hub that starts anew knows nothing else."""
    _, answer = await ada.api("POST", PATH, {"for": "2h"})
    app.users["ada"].spawners["fraud"].noted = {}
    assert (await ada.api("GET", PATH))[1] == answer


async def test_a_server_that_starts_anew_is_not_held(app, ada, cluster):
    await ada.api("POST", PATH, {"for": "2h"})
    assert (await ada.api("DELETE", "/users/ada/servers/fraud"))[0] in (202, 204)
    await eventually(lambda: not cluster.pods, "the pod is gone")
    await eventually(lambda: "fraud" not in app.users["ada"].spawners, "the hub knows")
    assert (await ada.api("POST", "/users/ada/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    assert (await ada.api("GET", PATH))[1] == {"heldUntil": None}


@pytest.mark.parametrize(
    ("person", "groups", "path", "status", "says"),
    [
        ("bob", None, PATH, (403, 404), ""),
        ("root-like", ["platform"], PATH, (403,), "your own server only"),
        ("bob", None, "/users/bob/servers/fraud/hold", (409,), "You have no running server in workspace Fraud"),
        ("eve", None, "/users/eve/servers/fraud/hold", (403,), "not a member of a workspace 'fraud'"),
        ("bob", None, "/users/bob/servers/nowhere/hold", (403,), "not a member of a workspace 'nowhere'"),
        ("bob", None, "/users/bob/servers//hold", (400,), "A server belongs to a workspace"),
    ],
)
async def test_nobody_holds_another_s_or_none(ada, cluster, sign_in, person, groups, path, status, says):
    browser = await sign_in(person, groups)
    for method in ("POST", "DELETE"):
        got, answer = await browser.api(method, path, {"for": "1h"})
        assert got in status, answer
        assert says in answer["message"]
    assert "atoll.dev/held-until" not in pod(cluster)


async def test_what_is_no_json_is_named(app, ada):
    async with ada.session.post(
        f"{ada.hub}/hub/api{PATH}",
        data="for=8h",
        headers={"X-XSRFToken": ada.xsrf(), "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"},
    ) as response:
        assert response.status == 400
        assert 'write {"for": "8h"}' in (await response.json())["message"]


async def test_a_hold_that_cannot_be_written_does_not_hold(ada, cluster):
    cluster.refusals["patch"] = refusal(500, "etcd is away")
    status, answer = await ada.api("POST", PATH, {"for": "1h"})
    assert status == 503
    assert "does not hold" in answer["message"]
    del cluster.refusals["patch"]
    assert (await ada.api("GET", PATH))[1] == {"heldUntil": None}


async def test_the_token_of_a_server_cannot_hold_it(app, ada):
    """Or a notebook would hold its own server for ever."""
    token = app.users["ada"].spawners["fraud"].api_token
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{ada.hub}/hub/api{PATH}", json={"for": "1h"}) as response,
    ):
        assert response.status in (403, 404)
