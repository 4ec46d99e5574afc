import pytest
from conftest import eventually
from fakes import refusal
from objects import GPU, PYTHON, profile, user, workspace

from atoll_hub import model, quota
from atoll_hub.refusal import Refused

FRAUD = workspace(
    "fraud",
    members=[user("ada"), user("bob")],
    profiles=["python", "gpu"],
    quota={"cpu": "4", "memory": "8Gi", "gpus": 1, "storage": "3Gi", "servers": 3},
)
READ = model.workspace(FRAUD)
SMALL, LARGE = model.profile(PYTHON).sizes
ONE_GPU = model.profile(GPU).sizes[0]


def pod(person, cpu="1", memory="1Gi", phase="Running", name="", notebook=True, **limits):
    return {
        "metadata": {
            "name": name or f"notebook-{person}",
            "annotations": {"atoll.dev/person": person} if person else {},
            "labels": {"atoll.dev/component": "notebook"} if notebook else {},
        },
        "spec": {"containers": [{"resources": {"limits": {"cpu": cpu, "memory": memory, **limits}}}]},
        "status": {"phase": phase},
    }


def claim(person, size="1Gi"):
    return {
        "metadata": {"name": f"home-{person}", "annotations": {"atoll.dev/person": person}},
        "spec": {"resources": {"requests": {"storage": size}}},
    }


def test_use_is_counted_as_kubernetes_counts_it():
    run = pod("", cpu="500m", name="nightly-1", notebook=False)
    run["spec"]["initContainers"] = [{"resources": {"limits": {"cpu": "2", "memory": "64Mi"}}}]
    used = quota.usage(
        [pod("ada", "1500m"), pod("bob", phase="Succeeded"), pod("cleo"), run], [claim("ada")], besides="notebook-cleo"
    )
    assert {p: (float(a.cpu), int(a.servers)) for p, a in used.people.items()} == {
        "ada": (1.5, 1),
        "runs and backups": (2.0, 0),
    }
    assert used.homes == {"home-ada"}
    assert used.total.storage == 1024**3


@pytest.mark.parametrize(
    ("pods", "claims", "size", "says"),
    [
        ([], [], LARGE, ""),
        ([pod("bob", "2")], [claim("ada")], LARGE, ""),
        (
            [pod("bob", "2"), pod("cleo", "1")],
            [claim("ada")],
            LARGE,
            "The quota of workspace Fraud has no room for size large: it needs 2 CPU, and 1 of 4 are left "
            "(in use: bob 2, cleo 1). What to do: choose a smaller size (Small), or stop a server you do not need, "
            "or ask the owner, olga, for a larger quota (quota.cpu).",
        ),
        (
            [pod("bob", "1", "7Gi")],
            [claim("ada")],
            LARGE,
            "it needs 1.5 GiB memory, and 1 GiB of 8 GiB are left (in use: bob 7 GiB). What to do: choose a smaller "
            "size (Small), or stop",
        ),
        (
            [pod("bob", "100m"), pod("cleo", "100m"), pod("dan", "100m")],
            [claim("ada")],
            SMALL,
            "it needs 1 server, and 0 of 3 are left (in use: bob 1, cleo 1, dan 1). What to do: stop a server",
        ),
        (
            [],
            [claim("bob", "2Gi"), claim("cleo", "1Gi")],
            SMALL,
            "it needs 1 GiB storage, and 0 B of 3 GiB are left (in use: bob 2 GiB, cleo 1 GiB). What to do: "
            "ask the owner, olga, for a larger quota (quota.storage).",
        ),
        (
            [pod("bob", **{"nvidia.com/gpu": "1"})],
            [claim("ada")],
            ONE_GPU,
            "it needs 1 GPU, and 0 of 1 are left (in use: bob 1)",
        ),
        (
            [pod(p, "500m") for p in ("p1", "p2", "p3", "p4", "p5", "p6", "p7")],
            [claim("ada")],
            LARGE,
            "(in use: p1 0.5, p2 0.5, p3 0.5, p4 0.5, p5 0.5, 2 others 1)",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(pods, claims, size, says):
    used = quota.usage(pods, claims)
    if not says:
        quota.check(READ, used, size, "ada", (SMALL, LARGE))
        return
    with pytest.raises(Refused) as refused:
        quota.check(READ, used, size, "ada", (SMALL, LARGE))
    assert refused.value.status_code == 403
    assert says in refused.value.jupyterhub_message


def test_what_is_left_in_one_line():
    used = quota.usage([pod("bob", "1500m")], [claim("bob")])
    assert quota.left(READ, used) == (
        "2.5 of 4 CPU, 7 GiB of 8 GiB memory, 1 of 1 GPUs, 2 GiB of 3 GiB storage, 2 of 3 servers"
    )


def fill(cluster, person, cpu):
    cluster.run(
        "ws-fraud",
        f"notebook-{person}",
        limits={"cpu": cpu, "memory": "1Gi"},
        labels={"atoll.dev/component": "notebook"},
        annotations={"atoll.dev/person": person},
    )


async def test_the_page_shows_what_is_left_and_closes_what_does_not_fit(world, cluster, sign_in):
    world([FRAUD], [PYTHON, profile(GPU, sizes=GPU["spec"]["sizes"])])
    fill(cluster, "bob", "2500m")
    ada = await sign_in("ada")
    _, page = await ada.open("/hub/spawn/ada/fraud")
    assert "1.5 of 4 CPU" in page.select_one("#left").get_text()
    large, small = page.select_one("#size-python-large"), page.select_one("#size-python-small")
    assert large.has_attr("disabled")
    assert not large.has_attr("checked")
    assert small.has_attr("checked")
    said = page.select_one("#full-python-large").get_text()
    assert said == "No room: it needs 2 CPU, and 1.5 of 4 are left (in use: bob 2.5)."
    assert page.select_one("#no-room") is None
    status, answer = await ada.api("POST", "/users/ada/servers/fraud", {"size": "large"})
    assert status == 403
    assert "in use: bob 2.5" in answer["message"]
    assert "choose a smaller size (Small)" in answer["message"]


async def test_a_page_on_which_nothing_fits_says_so(world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    fill(cluster, "bob", "4")
    ada = await sign_in("ada")
    _, page = await ada.open("/hub/spawn/ada/fraud")
    assert "olga" in page.select_one("#no-room").get_text()


async def test_a_cluster_that_does_not_say_decides_itself(app, world, cluster, sign_in):
    world([FRAUD], [PYTHON])
    cluster.refusals["list"] = refusal(500, "away")
    ada = await sign_in("ada")
    _, page = await ada.open("/hub/spawn/ada/fraud")
    assert page.select_one("#left") is None
    assert (await ada.api("POST", "/users/ada/servers/fraud"))[0] in (201, 202)
    await eventually(lambda: app.users["ada"].spawners["fraud"].ready, "ada's server is ready")


async def test_a_refusal_of_kubernetes_says_who_uses_it(world, cluster, sign_in):
    """Somebody was faster, or a resource counts that the hub does not see."""
    world([FRAUD], [PYTHON])
    fill(cluster, "bob", "1")
    cluster.refusals["Pod"] = refusal(
        403, "exceeded quota: workspace, requested: limits.cpu=2, used: limits.cpu=3, limited: limits.cpu=4"
    )
    ada = await sign_in("ada")
    status, answer = await ada.api("POST", "/users/ada/servers/fraud")
    assert status == 403
    assert "CPU (limits, in cores): 3 of 4 in use, and this needs 2 more" in answer["message"]
    assert "cpu: in use: bob 1." in answer["message"]
