"""The view and the spawner in front of a real Kubernetes API."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import aiohttp
import pytest
from api_server import ApiServer
from conftest import eventually
from kubernetes_asyncio import client, config
from kubespawner import clients
from objects import PYTHON, group, user, workspace
from traitlets.config import Config

from atoll_hub import settings, stating
from atoll_hub import view as views
from atoll_hub.config import spawner_settings as shipped_spawner
from atoll_hub.person import slug
from atoll_hub.refusal import Refused
from atoll_hub.spawner import WorkspaceSpawner

LOG = logging.getLogger("test")
WORKSPACES = "/apis/atoll.dev/v1alpha1/workspaces"
PROFILES = "/apis/atoll.dev/v1alpha1/profiles"
MERGE = "application/merge-patch+json"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    api = ApiServer(tmp_path_factory.mktemp("api"))
    try:
        api.start()
        api.install_crds()
        yield api
    finally:
        api.stop()


@pytest.fixture
async def configured(server, monkeypatch):
    """The Kubernetes clients speak to the test's API server, and to no other afterwards."""
    monkeypatch.setattr(clients, "_client_cache", {})
    before = client.Configuration.get_default_copy()
    await config.load_kube_config(str(server.kubeconfig()))
    yield server
    client.Configuration.set_default(before)


@pytest.fixture
async def live(configured):
    configured.create(PROFILES, PYTHON)
    configured.create(WORKSPACES, workspace("fraud", members=[user("ada")]))
    changes = []
    view = views.LiveView(LOG, lambda: changes.append(dict(view.workspaces)))
    await view.start()
    yield SimpleNamespace(view=view, changes=changes, api=configured)
    await view.stop()
    for path in (PROFILES, WORKSPACES):
        for item in configured.request("GET", path)["items"]:
            configured.request("DELETE", f"{path}/{item['metadata']['name']}")


async def test_the_view_is_complete_when_it_has_started(live):
    assert set(live.view.workspaces) == {"fraud"}
    assert live.view.workspaces["fraud"].namespace == "ws-fraud"
    assert live.view.workspaces["fraud"].idle_after.total_seconds() == 1800
    assert set(live.view.profiles) == {"python"}


async def test_the_view_follows_changes(live):
    live.api.create(WORKSPACES, workspace("research"))
    await eventually(lambda: "research" in live.view.workspaces, "a new workspace is seen")
    live.api.request("PATCH", f"{WORKSPACES}/fraud", {"spec": {"members": [group("analysts")]}}, MERGE)
    await eventually(lambda: live.view.workspaces["fraud"].members[0].kind == "Group", "a change is seen")
    live.api.request("DELETE", f"{WORKSPACES}/research")
    await eventually(lambda: "research" not in live.view.workspaces, "a deletion is seen")
    live.api.request("DELETE", f"{PROFILES}/python")
    await eventually(lambda: not live.view.profiles, "a deleted profile is seen")
    assert len(live.changes) >= 4


async def test_the_view_goes_on_after_the_end_of_a_watch(configured, monkeypatch):
    monkeypatch.setattr(views, "_WATCH_SECONDS", 1)
    api_client = client.ApiClient()
    api = client.CustomObjectsApi(api_client)
    real, lists, watches = api.list_cluster_custom_object, [], []

    async def counted(*args, **kwargs):
        (watches if kwargs.get("watch") else lists).append(kwargs)
        return await real(*args, **kwargs)

    api.list_cluster_custom_object = counted
    seen = {}
    follower = views.Follower(api, "workspaces", lambda o: o["metadata"]["name"], lambda o, _: seen.update(o), LOG)
    task = asyncio.create_task(follower.run())
    try:
        await eventually(lambda: len(watches) >= 3, "two watches have ended")
        configured.create(WORKSPACES, workspace("late"))
        await eventually(lambda: "late" in seen, "the change is seen")
        assert len(lists) == 1
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await api_client.close()
        configured.request("DELETE", f"{WORKSPACES}/late")


@pytest.mark.parametrize("cut", [aiohttp.ClientPayloadError("cut"), aiohttp.ServerDisconnectedError(), RuntimeError()])
async def test_the_view_goes_on_whatever_ends_a_watch(configured, cut):
    """An API server that is killed cuts a watch in the middle; rights end by what the view shows after that."""
    api_client = client.ApiClient()
    api = client.CustomObjectsApi(api_client)
    real, cuts = api.list_cluster_custom_object, []

    async def is_cut_once(*args, **kwargs):
        if kwargs.get("watch") and not cuts:
            cuts.append(cut)
            raise cut
        return await real(*args, **kwargs)

    api.list_cluster_custom_object = is_cut_once
    seen = {}
    follower = views.Follower(api, "workspaces", lambda o: o["metadata"]["name"], lambda o, _: seen.update(o), LOG)
    task = asyncio.create_task(follower.run())
    try:
        await follower.complete.wait()
        configured.create(WORKSPACES, workspace("later"))
        await eventually(lambda: "later" in seen, "the change is seen")
        assert cuts
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await api_client.close()
        configured.request("DELETE", f"{WORKSPACES}/later")


async def test_a_version_that_is_too_old_leads_to_a_new_list(configured):
    """A 410 in place of the watch, as after etcd's compaction, loses no change."""
    api_client = client.ApiClient()
    api = client.CustomObjectsApi(api_client)
    real, watches = api.list_cluster_custom_object, []

    async def expires_once(*args, **kwargs):
        if kwargs.get("watch"):
            watches.append(kwargs["resource_version"])
            if len(watches) == 1:
                raise client.ApiException(status=410, reason="Expired")
        return await real(*args, **kwargs)

    api.list_cluster_custom_object = expires_once
    seen = {}
    follower = views.Follower(api, "workspaces", lambda o: o["metadata"]["name"], lambda o, _: seen.update(o), LOG)
    task = asyncio.create_task(follower.run())
    try:
        await follower.complete.wait()
        configured.create(WORKSPACES, workspace("late"))
        await eventually(lambda: "late" in seen, "the change is seen")
        assert len(watches) >= 2
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await api_client.close()
        configured.request("DELETE", f"{WORKSPACES}/late")


async def test_an_object_that_cannot_be_read_hides_no_other(live, monkeypatch):
    real = views.model.workspace

    def strict(obj):
        if obj["metadata"]["name"] == "odd":
            raise KeyError("displayName")
        return real(obj)

    monkeypatch.setattr(views.model, "workspace", strict)
    view = views.LiveView(LOG)
    live.api.create(WORKSPACES, workspace("odd"))
    await view.start()
    assert set(view.workspaces) == {"fraud"}
    # It is there, and so it takes no rights away.
    assert view.unreadable == {"odd"}
    await view.stop()


@pytest.fixture
async def spawner(live, hub_config):
    """The spawner of ada's server in fraud, configured as it ships; no kubelet ever runs its pod."""
    shipped = Config()
    shipped_spawner(shipped, settings.load(hub_config))
    shipped.WorkspaceSpawner.placement = "Relaxed"
    # Priority classes come with the application subcluster, which is not here.
    shipped.WorkspaceSpawner.priority_class_name = ""
    shipped.WorkspaceSpawner.start_timeout = 20
    namespace = {"metadata": {"name": "ws-fraud"}}
    if not live.api.exists("/api/v1/namespaces/ws-fraud"):
        live.api.create("/api/v1/namespaces", namespace)
    person = SimpleNamespace(
        name="ada",
        id=1,
        escaped_name="ada",
        url="/user/ada/",
        settings={"atoll_view": live.view},
        orm_user=SimpleNamespace(groups=[], name="ada", id=1),
        server_url=lambda name: f"/user/ada/{name}/",
        # A hub's database without tokens.
        db=SimpleNamespace(query=lambda _: SimpleNamespace(filter_by=lambda **_: []), commit=lambda: None),
    )
    hub = SimpleNamespace(public_host="", base_url="/hub/", api_url="http://hub:8081/hub/api", url="http://hub:8081")
    made = WorkspaceSpawner(
        user=person,
        hub=hub,
        orm_spawner=SimpleNamespace(name="fraud", user_options=None, user=person, server=None, state={}),
        config=shipped,
        api_token="the token",
        oauth_client_id="client",
        _mock=True,
    )
    yield made
    await WorkspaceSpawner._stop_all_reflectors()
    for path in ("pods/notebook-ada", "secrets/notebook-ada", "persistentvolumeclaims/home-ada"):
        if live.api.exists(f"/api/v1/namespaces/ws-fraud/{path}"):
            live.api.request("DELETE", f"/api/v1/namespaces/ws-fraud/{path}?gracePeriodSeconds=0")


async def test_a_real_api_takes_what_the_spawner_makes(live, spawner):
    """Strictness is the API server's: it refuses what a fake would swallow. Nothing runs the pod, and that is said."""
    with pytest.raises(Refused) as refused:
        await spawner.start()
    assert refused.value.status_code == 504
    assert "did not start within 20 seconds" in refused.value.jupyterhub_message
    pod = live.api.request("GET", "/api/v1/namespaces/ws-fraud/pods/notebook-ada")
    assert pod["spec"]["serviceAccountName"] == "person-ada"
    assert pod["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "2", "memory": "1536Mi"}
    claim = live.api.request("GET", "/api/v1/namespaces/ws-fraud/persistentvolumeclaims/home-ada")
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
    await spawner.run_post_stop_hook()
    assert not live.api.exists("/api/v1/namespaces/ws-fraud/secrets/notebook-ada")


async def test_a_real_api_takes_what_the_hub_writes_on_a_pod(live, spawner):
    with pytest.raises(Refused):
        await spawner.start()
    pod = "/api/v1/namespaces/ws-fraud/pods/notebook-ada"
    await spawner.annotate({"atoll.dev/held-until": "2026-11-21T12:00:00Z"})
    found = live.api.request("GET", pod)["metadata"]["annotations"]
    assert found["atoll.dev/held-until"] == "2026-11-21T12:00:00Z"
    assert found["atoll.dev/person"] == "ada"
    assert found["atoll.dev/environment"]
    assert found["atoll.dev/profile-generation"] == "1"
    assert found["atoll.dev/size"] == "large"
    await spawner.annotate({"atoll.dev/held-until": None})
    assert "atoll.dev/held-until" not in live.api.request("GET", pod)["metadata"]["annotations"]


async def test_a_real_api_says_who_uses_what(live, spawner):
    with pytest.raises(Refused):
        await spawner.start()
    spawner.pod_name = "notebook-bob"
    used = await spawner.usage()
    assert {p: (str(a.cpu), str(a.storage), str(a.servers)) for p, a in used.people.items()} == {
        "ada": ("2", "1073741824", "1")
    }
    spawner.pod_name = "notebook-ada"


async def test_a_real_quota_is_explained(live, spawner):
    quota = {
        "metadata": {"name": "workspace"},
        "spec": {"hard": {"limits.cpu": "1"}},
        "status": {"hard": {"limits.cpu": "1"}, "used": {"limits.cpu": "500m"}},
    }
    live.api.create("/api/v1/namespaces/ws-fraud/resourcequotas", quota)
    try:
        # The API server caches quotas for some seconds.
        await eventually_refused(spawner, "limits, in cores): 500m of 1 in use, and this needs 2 more")
    finally:
        live.api.request("DELETE", "/api/v1/namespaces/ws-fraud/resourcequotas/workspace")


async def eventually_refused(spawner, words):
    deadline = asyncio.get_running_loop().time() + 120
    while True:
        with pytest.raises(Refused) as refused:
            await spawner.start()
        if words in refused.value.jupyterhub_message:
            assert refused.value.status_code == 403
            return
        assert asyncio.get_running_loop().time() < deadline, refused.value.jupyterhub_message


async def test_pod_security_restricted_admits_the_pod(live, spawner, hub_config):
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    live.api.request("PATCH", "/api/v1/namespaces/ws-fraud", {"metadata": {"labels": labels}}, MERGE)
    with pytest.raises(Refused) as refused:
        await spawner.start()
    assert refused.value.status_code == 504, refused.value.jupyterhub_message
    assert live.api.exists("/api/v1/namespaces/ws-fraud/pods/notebook-ada")


async def test_a_real_api_takes_what_the_hub_states_of_groups(configured):
    path = "/apis/atoll.dev/v1alpha1/groupmemberships"
    confirmed = datetime(2027, 1, 31, 8, 0, 0, 999999, UTC)
    for groups, at in (({"b", "Domain Users"}, confirmed), (set(), confirmed + timedelta(hours=1))):
        await stating.apply(stating.Statement("ada.smith@example.com", frozenset(groups), at))
    (item,) = configured.request("GET", path)["items"]
    assert item["metadata"]["name"] == slug("ada.smith@example.com")
    assert item["spec"] == {"userName": "ada.smith@example.com", "confirmedAt": "2027-01-31T09:00:00Z"}
    with pytest.raises(client.ApiException) as refused:
        await stating.apply(stating.Statement("ada.smith@example.com", frozenset({"b"}), confirmed))
    assert "confirmedAt never goes back" in refused.value.body
