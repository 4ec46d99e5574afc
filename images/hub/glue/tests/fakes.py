"""Fakes of what stands around the hub: the proxy, and the part of Kubernetes that starts servers."""

import json
from types import SimpleNamespace

from jupyterhub.proxy import Proxy
from kubernetes_asyncio.client import ApiClient, ApiException

from atoll_hub.app import Hub
from atoll_hub.spawner import WorkspaceSpawner
from atoll_hub.view import View


class MemoryProxy(Proxy):
    """Keeps routes and forwards nothing: tests speak to the hub directly."""

    should_start = False

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.routes = {}

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def get_all_routes(self):
        return self.routes


def refusal(status, message):
    err = ApiException(status=status, reason="refused")
    err.body = json.dumps({"message": message})
    return err


class Cluster:
    """Remembers what was created. Pods run at once; a refusal can be put in front of each kind of object."""

    def __init__(self):
        self.objects = {}
        self.pods = {}
        self.refusals = {}
        self.patches = []

    def _create(self, kind, namespace, body):
        if err := self.refusals.get(kind):
            raise err
        key = (kind, namespace, body.metadata.name)
        if key in self.objects:
            raise refusal(409, "already exists")
        self.objects[key] = body

    async def create_namespaced_service_account(self, namespace, body):
        self._create("ServiceAccount", namespace, body)

    async def create_namespaced_secret(self, namespace, body):
        self._create("Secret", namespace, body)

    async def replace_namespaced_secret(self, name, namespace, body):
        self.objects["Secret", namespace, name] = body

    async def delete_namespaced_secret(self, name, namespace):
        if self.objects.pop(("Secret", namespace, name), None) is None:
            raise refusal(404, "not found")

    async def create_namespaced_persistent_volume_claim(self, namespace, body):
        self._create("PersistentVolumeClaim", namespace, body)

    async def read_namespaced_persistent_volume_claim(self, name, namespace):
        if ("PersistentVolumeClaim", namespace, name) not in self.objects:
            raise refusal(404, "not found")

    async def create_namespaced_pod(self, namespace, body):
        self._create("Pod", namespace, body)
        self.run(
            namespace,
            body.metadata.name,
            body.spec.containers[0].ports[0].container_port,
            limits=body.spec.containers[0].resources.limits,
            labels=body.metadata.labels,
            annotations=body.metadata.annotations,
        )

    async def patch_namespaced_pod(self, name, namespace, body, _content_type, _request_timeout):
        assert _content_type == "application/merge-patch+json"
        if err := self.refusals.get("patch"):
            raise err
        pod = self.pods.get(f"{namespace}/{name}")
        if pod is None:
            raise refusal(404, "not found")
        self.patches.append((namespace, name, body))
        for key, value in body["metadata"]["annotations"].items():
            if value is None:
                pod["metadata"]["annotations"].pop(key, None)
            else:
                pod["metadata"]["annotations"][key] = value

    async def list_namespaced_pod(self, namespace, _preload_content, _request_timeout):
        return self._listed([p for p in self.pods.values() if p["metadata"]["namespace"] == namespace])

    async def list_namespaced_persistent_volume_claim(self, namespace, _preload_content, _request_timeout):
        async with ApiClient() as client:
            claims = [
                client.sanitize_for_serialization(body)
                for (kind, where, _), body in self.objects.items()
                if (kind, where) == ("PersistentVolumeClaim", namespace) and hasattr(body, "spec")
            ]
        return self._listed(claims)

    def _listed(self, items):
        if err := self.refusals.get("list"):
            raise err

        async def read():
            return json.dumps({"items": items}).encode()

        return SimpleNamespace(status=200, read=read)

    async def delete_namespaced_pod(self, name, namespace, body, grace_period_seconds):
        self.objects.pop(("Pod", namespace, name), None)
        self.pods.pop(f"{namespace}/{name}", None)

    def run(self, namespace, name, port=8888, phase="Running", limits=None, labels=None, annotations=None):
        person = name.removeprefix("notebook-")
        self.pods[f"{namespace}/{name}"] = {
            "metadata": {
                "namespace": namespace,
                "name": name,
                "uid": f"uid-{namespace}-{name}",
                "labels": labels or {"atoll.dev/component": "notebook"},
                "annotations": annotations or {"atoll.dev/person": person},
            },
            "spec": {
                "containers": [
                    {
                        "ports": [{"name": "notebook-port", "containerPort": port}],
                        "resources": {"limits": limits or {}},
                    }
                ]
            },
            "status": {
                "phase": phase,
                "podIP": "127.0.0.1",
                "containerStatuses": [{"name": "notebook", "ready": True, "state": {"running": {}}}],
            },
        }


class ClusterSpawner(WorkspaceSpawner):
    """The real spawner in front of a fake cluster."""

    cluster = Cluster()

    @property
    def api(self):
        return self.cluster

    @api.setter
    def api(self, client):
        """KubeSpawner sets a client of a real cluster here."""

    @property
    def pod_reflector(self):
        return SimpleNamespace(pods=self.cluster.pods)

    @property
    def event_reflector(self):
        return SimpleNamespace(events=[])

    async def _start_watching_pods(self, replace=False):
        pass

    async def _start_watching_events(self, replace=False):
        pass


class StillHub(Hub):
    """The real hub with a view that tests set, and that keeps what it states of people's groups."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.statements = {}

    def make_view(self):
        return View()

    async def state(self, statement):
        self.statements.setdefault(statement.name, []).append(statement)
