import pytest
from conftest import eventually
from fakes import refusal
from objects import PYTHON, group, user, workspace

FRAUD = workspace("fraud", members=[user("ada"), group("analysts"), user("vic", "Viewer")])


async def test_start_without_options_takes_the_defaults(app, world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    status, _ = await ada.api("POST", "/users/ada/servers/fraud")
    assert status in (201, 202)
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    assert cluster.objects["Pod", "ws-fraud", "notebook-ada"].spec.containers[0].resources.limits["cpu"] == "2"
    _, model = await ada.api("GET", "/users/ada")
    assert model["servers"]["fraud"]["user_options"] == {"workspace": "fraud", "profile": "python", "size": "large"}
    assert model["servers"]["fraud"]["url"] == "/user/ada/fraud/"


@pytest.mark.parametrize(
    ("person", "path", "body", "status", "says"),
    [
        ("ada", "/users/ada/server", None, 400, "belongs to a workspace"),
        ("ada", "/users/ada/servers/nowhere", None, 403, "not a member"),
        ("ada", "/users/ada/servers/fraud", {"profile": "gpu"}, 403, "'gpu' is no profile"),
        ("ada", "/users/ada/servers/fraud", {"workspace": "secret"}, 400, "'secret'"),
        ("ada", "/users/ada/servers/fraud", {"image": "evil"}, 400, "'image'"),
        ("ada", "/users/ada/servers/fraud", ["python"], 400, "object"),
        ("eve", "/users/eve/servers/fraud", None, 403, "not a member"),
        ("vic", "/users/vic/servers/fraud", None, 403, "viewer"),
        ("eve", "/users/ada/servers/fraud", None, 404, ""),
    ],
)
async def test_what_the_api_refuses(world, cluster, sign_in, person, path, body, status, says):
    world([FRAUD], [PYTHON])
    await sign_in("ada")
    browser = await sign_in(person)
    got, answer = await browser.api("POST", path, body)
    assert got == status
    assert says in answer["message"]
    assert not cluster.objects


async def test_who_joins_a_group_gets_in_without_signing_in_again(app, world, provider, sign_in):
    world([FRAUD], [PYTHON])
    bob = await sign_in("bob", groups=[])
    assert (await bob.api("POST", "/users/bob/servers/fraud"))[0] == 403
    provider.groups["bob"] = ["analysts"]
    assert (await bob.api("POST", "/users/bob/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: app.users["bob"].spawners["fraud"].ready, "bob's server is ready")


async def test_who_leaves_a_group_cannot_start(world, cluster, provider, sign_in):
    world([FRAUD], [PYTHON])
    bob = await sign_in("bob", groups=["analysts"])
    provider.groups["bob"] = []
    status, answer = await bob.api("POST", "/users/bob/servers/fraud")
    assert status == 403
    assert "not a member" in answer["message"]
    assert not cluster.objects


async def test_who_is_removed_from_the_workspace_cannot_start(world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    world([workspace("fraud")], [PYTHON])
    assert (await ada.api("POST", "/users/ada/servers/fraud"))[0] == 403
    assert not cluster.objects


async def test_defaults_replace_a_last_choice_that_is_no_longer_allowed(app, world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    await ada.api("POST", "/users/ada/servers/fraud", {"size": "small"})
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    await ada.api("DELETE", "/users/ada/servers/fraud")
    smaller = {**PYTHON, "spec": {**PYTHON["spec"], "sizes": PYTHON["spec"]["sizes"][1:]}}
    world([FRAUD], [smaller])
    assert (await ada.api("POST", "/users/ada/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")


async def test_the_number_of_servers_is_checked_before_kubernetes(world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    cluster.run("ws-fraud", "notebook-bob")
    cluster.run("ws-fraud", "notebook-olga")
    cluster.run("ws-fraud", "notebook-done", phase="Succeeded")
    cluster.run("ws-other", "notebook-ada")
    ada = await sign_in("ada")
    status, answer = await ada.api("POST", "/users/ada/servers/fraud")
    assert status == 403
    assert "needs 1 server, and 0 of 2 are left (in use: bob 1, olga 1)" in answer["message"]
    assert not cluster.objects


async def test_a_refusal_of_kubernetes_reaches_the_person(world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    cluster.refusals["Pod"] = refusal(
        403, "exceeded quota: workspace, requested: limits.cpu=2, used: limits.cpu=7, limited: limits.cpu=8"
    )
    ada = await sign_in("ada")
    status, answer = await ada.api("POST", "/users/ada/servers/fraud")
    assert status == 403
    assert "CPU (limits, in cores): 7 of 8 in use, and this needs 2 more" in answer["message"]
    status, page = await ada.open("/hub/spawn-pending/ada/fraud")
    assert status == 403
    assert "7 of 8 in use" in page.get_text()
    assert ("Secret", "ws-fraud", "notebook-ada") not in cluster.objects


async def test_stopping_removes_the_pod_and_the_token_and_keeps_the_home(app, world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    ada = await sign_in("ada")
    await ada.api("POST", "/users/ada/servers/fraud")
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")
    assert (await ada.api("DELETE", "/users/ada/servers/fraud"))[0] in (202, 204)
    await eventually(lambda: not cluster.pods, "the pod is gone")
    kinds = sorted(kind for kind, *_ in cluster.objects)
    assert kinds == ["PersistentVolumeClaim", "ServiceAccount"]


async def test_an_admin_group_makes_admins(app, world, sign_in):
    await sign_in("root-like", groups=["platform"])
    assert app.users["root-like"].admin
    await sign_in("ada", groups=["analysts"])
    assert not app.users["ada"].admin
