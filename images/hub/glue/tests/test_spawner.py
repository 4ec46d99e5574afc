import pytest
from conftest import eventually
from fakes import refusal
from kubernetes_asyncio.client import ApiClient, V1ServiceAccount
from objects import GPU, PYTHON, group, user, workspace

# Settings hold for spawners made after them: tests that change one use a person of their own.
FRAUD = workspace(
    "fraud",
    members=[user("ada"), group("analysts"), user("dan"), user("Grace@X.org")],
    profiles=["python", "gpu"],
    quota={"cpu": "8", "memory": "16Gi", "gpus": 1, "storage": "100Gi", "servers": 2},
)


@pytest.fixture
def start(app, world, cluster, sign_in):
    """Starts a server in fraud and returns what stands in the cluster, by kind, as JSON."""
    world([FRAUD], [PYTHON, GPU])

    async def run(person, groups=None, **options):
        browser = await sign_in(person, groups)
        status, answer = await browser.api("POST", f"/users/{person}/servers/fraud", options or None)
        assert status in (201, 202), answer
        await eventually(lambda: app.users[person].spawners["fraud"].ready, f"{person}'s server is ready")
        client = ApiClient()
        try:
            return {
                kind: client.sanitize_for_serialization(obj)
                for (kind, namespace, _), obj in cluster.objects.items()
                if namespace == "ws-fraud"
            }
        finally:
            await client.close()

    return run


def environment(pod):
    return {e["name"]: e.get("value", e.get("valueFrom")) for e in pod["spec"]["containers"][0]["env"]}


async def test_names_labels_and_owner_of_a_server(start):
    pod = (await start("ada"))["Pod"]
    assert pod["metadata"]["name"] == "notebook-ada"
    labels = pod["metadata"]["labels"]
    assert {k: labels.get(f"atoll.dev/{k}") for k in ("component", "workspace", "person", "profile")} == {
        "component": "notebook",
        "workspace": "fraud",
        "person": "ada",
        "profile": "python",
    }
    assert labels["app.kubernetes.io/managed-by"] == "atoll-hub"
    assert pod["metadata"]["annotations"]["atoll.dev/person"] == "ada"
    assert pod["spec"]["serviceAccountName"] == "person-ada"
    assert pod["spec"]["automountServiceAccountToken"] is True
    assert pod["spec"]["priorityClassName"] == "atoll-application"


async def test_a_server_is_restricted(start):
    pod = (await start("ada"))["Pod"]
    assert pod["spec"]["securityContext"] == {
        "fsGroup": 100,
        "fsGroupChangePolicy": "OnRootMismatch",
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = pod["spec"]["containers"][0]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsUser": 1000,
        "runAsGroup": 100,
    }
    assert container["imagePullPolicy"] == "IfNotPresent"


async def test_a_server_has_its_size_its_home_and_its_image(start):
    found = await start("ada", profile="python", size="large")
    container = found["Pod"]["spec"]["containers"][0]
    assert container["image"] == "docker.io/atoll/notebook:0.1.0"
    assert container["workingDir"] == "/home/atoll"
    assert container["resources"] == {
        "requests": {"cpu": "500m", "memory": "1Gi"},
        "limits": {"cpu": "2", "memory": "1.5Gi"},
    }
    assert environment(found["Pod"])["MEM_LIMIT"] == str(1536 * 1024**2)
    assert environment(found["Pod"])["CPU_LIMIT"] == "2.0"
    assert {"name": "home", "mountPath": "/home/atoll"} in container["volumeMounts"]
    assert {"name": "home", "persistentVolumeClaim": {"claimName": "home-ada"}} in found["Pod"]["spec"]["volumes"]
    claim = found["PersistentVolumeClaim"]
    assert claim["metadata"]["name"] == "home-ada"
    assert claim["metadata"]["labels"]["atoll.dev/home"] == "true"
    assert claim["metadata"]["labels"]["atoll.dev/workspace"] == "fraud"
    assert claim["metadata"]["annotations"]["atoll.dev/person"] == "ada"
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert "storageClassName" not in claim["spec"]


async def test_the_token_of_a_server_is_not_readable_in_its_pod(app, start):
    found = await start("ada")
    token = app.users["ada"].spawners["fraud"].api_token
    assert found["Secret"]["metadata"]["name"] == "notebook-ada"
    assert found["Secret"]["stringData"] == {"api-token": token}
    assert token not in str(found["Pod"])
    reference = {"secretKeyRef": {"name": "notebook-ada", "key": "api-token"}}
    assert environment(found["Pod"])["JUPYTERHUB_API_TOKEN"] == reference
    assert environment(found["Pod"])["JPY_API_TOKEN"] == reference


async def test_a_server_finds_its_person_s_credentials_for_data(start):
    pod = (await start("ada"))["Pod"]
    said = pod["metadata"]["annotations"]
    assert said["atoll.dev/data-config"] == "[default]\n"
    # Braces are Python's, and no template of KubeSpawner's.
    assert said["atoll.dev/data-credentials"] == "print({})\n"
    assert environment(pod)["AWS_CONFIG_FILE"] == "/run/atoll-data/config"
    mounts = {m["name"]: m for m in pod["spec"]["containers"][0]["volumeMounts"]}
    assert mounts["data-access"] == {"name": "data-access", "mountPath": "/run/atoll-data", "readOnly": True}
    [volume] = [v for v in pod["spec"]["volumes"] if v["name"] == "data-access"]
    token, files = volume["projected"]["sources"]
    assert token["serviceAccountToken"] == {"audience": "atoll.dev/data", "expirationSeconds": 3600, "path": "token"}
    assert {f["path"]: f["fieldRef"]["fieldPath"] for f in files["downwardAPI"]["items"]} == {
        "config": "metadata.annotations['atoll.dev/data-config']",
        "credentials.py": "metadata.annotations['atoll.dev/data-credentials']",
    }


async def test_a_server_finds_trino_and_a_token_for_it(start):
    pod = (await start("ada"))["Pod"]
    assert pod["metadata"]["annotations"]["atoll.dev/trino-authority"] == "certificate\n"
    assert environment(pod)["ATOLL_TRINO_URL"] == "https://trino.atoll-directory:8443"
    mounts = {m["name"]: m for m in pod["spec"]["containers"][0]["volumeMounts"]}
    assert mounts["trino"] == {"name": "trino", "mountPath": "/run/atoll-trino", "readOnly": True}
    [volume] = [v for v in pod["spec"]["volumes"] if v["name"] == "trino"]
    token, files = volume["projected"]["sources"]
    assert token["serviceAccountToken"] == {"audience": "trino", "expirationSeconds": 3600, "path": "token"}
    [certificate] = files["downwardAPI"]["items"]
    assert certificate["path"] == "ca.crt"
    assert certificate["fieldRef"]["fieldPath"] == "metadata.annotations['atoll.dev/trino-authority']"


async def test_a_profile_s_environment_is_literal_and_never_replaces_the_hub_s(start):
    found = environment((await start("ada"))["Pod"])
    assert found["GREETING"] == "{username} $$(HOME)"
    assert found["JUPYTERHUB_USER"] == "ada"
    assert found["JUPYTERHUB_SERVICE_PREFIX"] == "/user/ada/fraud/"
    assert found["JUPYTERHUB_DEFAULT_URL"] == "/lab"


async def test_placement_of_the_subcluster_and_of_the_profile_add_up(start):
    spec = (await start("ada", profile="gpu"))["Pod"]["spec"]
    assert spec["nodeSelector"] == {"atoll.dev/subcluster": "application", "pool": "gpu"}
    assert spec["tolerations"] == [
        {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "atoll.dev/subcluster", "operator": "Equal", "value": "application", "effect": "NoSchedule"},
    ]
    resources = spec["containers"][0]["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == "1"
    assert resources["requests"]["nvidia.com/gpu"] == "1"


async def test_relaxed_placement_leaves_nodes_to_the_profile(app, start):
    app.config.WorkspaceSpawner.placement = "Relaxed"
    try:
        spec = (await start("dan"))["Pod"]["spec"]
    finally:
        app.config.WorkspaceSpawner.placement = "Required"
    assert "nodeSelector" not in spec
    assert "tolerations" not in spec


async def test_who_comes_by_a_group_gets_a_service_account_and_a_home(start):
    found = await start("bob", groups=["analysts"])
    account = found["ServiceAccount"]["metadata"]
    assert account["name"] == "person-bob"
    assert account["labels"]["app.kubernetes.io/managed-by"] == "atoll-hub"
    assert account["labels"]["atoll.dev/workspace"] == "fraud"
    assert account["annotations"]["atoll.dev/person"] == "bob"
    assert found["PersistentVolumeClaim"]["metadata"]["name"] == "home-bob"


async def test_what_the_operator_made_is_used(cluster, start):
    operators_own = V1ServiceAccount()
    for kind, name in (("ServiceAccount", "person-ada"), ("PersistentVolumeClaim", "home-ada")):
        cluster.objects[kind, "ws-fraud", name] = operators_own
    await start("ada")
    assert cluster.objects["ServiceAccount", "ws-fraud", "person-ada"] is operators_own
    assert cluster.objects["PersistentVolumeClaim", "ws-fraud", "home-ada"] is operators_own


async def test_a_home_that_exists_is_used_where_the_storage_quota_is_full(cluster, start):
    cluster.objects["PersistentVolumeClaim", "ws-fraud", "home-ada"] = V1ServiceAccount()
    cluster.refusals["PersistentVolumeClaim"] = refusal(403, "exceeded quota")
    assert (await start("ada"))["Pod"]


async def test_names_follow_the_spelling_in_the_workspace(start):
    pod = (await start("grace@x.org"))["Pod"]
    assert pod["metadata"]["annotations"]["atoll.dev/person"] == "Grace@X.org"


async def test_a_token_left_behind_is_replaced(cluster, start):
    cluster.objects["Secret", "ws-fraud", "notebook-ada"] = object()
    found = await start("ada")
    assert found["Secret"]["stringData"]["api-token"]


async def test_the_storage_class_of_the_platform_holds_where_the_workspace_names_none(app, start):
    app.config.WorkspaceSpawner.default_storage_class = "fast"
    try:
        claim = (await start("eva", groups=["analysts"]))["PersistentVolumeClaim"]
    finally:
        app.config.WorkspaceSpawner.default_storage_class = ""
    assert claim["spec"]["storageClassName"] == "fast"
