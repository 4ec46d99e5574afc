"""The Kubernetes API, as far as schedules and runs go."""

import json
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_GROUP = "/apis/atoll.dev/v1alpha1"
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_PAGE = 500
_WATCH_SECONDS = 300
_ANSWER = httpx.Timeout(30, connect=10)


class Cluster:
    """A connection with the rights of the pod's ServiceAccount, whose token is read anew each time."""

    def __init__(self, url: str, token: Path, authority: Path):
        self._token = token
        self._client = httpx.Client(
            base_url=url + _GROUP, verify=ssl.create_default_context(cafile=str(authority)), timeout=_ANSWER
        )

    @classmethod
    def own(cls) -> "Cluster":
        """The cluster that the pod is in."""
        account = Path(os.environ.get("ATOLL_SERVICE_ACCOUNT", ACCOUNT))
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        host = f"[{host}]" if ":" in host else host
        return cls(f"https://{host}:{port}", account / "token", account / "ca.crt")

    def _headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": "Bearer " + self._token.read_text().strip(), **more}

    def _get(self, path: str, accept: str = "application/json", **query: str) -> Any:
        answer = self._client.get(path, params=query, headers=self._headers(Accept=accept))
        answer.raise_for_status()
        return answer.json()

    def _find(self, path: str) -> dict | None:
        try:
            return self._get(path)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                return None
            raise

    def schedules(self) -> Iterator[dict]:
        """Every schedule there is."""
        return self._pages("application/json")

    def schedule_names(self) -> Iterator[dict]:
        """The metadata of every schedule there is, a fraction of what the schedules are with their runs."""
        return (item["metadata"] for item in self._pages(_METADATA))

    def _pages(self, accept: str) -> Iterator[dict]:
        more = ""
        while True:
            page = self._get("/schedules", accept, limit=str(_PAGE), **({"continue": more} if more else {}))
            yield from page["items"]
            more = page["metadata"].get("continue", "")
            if not more:
                return

    def run(self, namespace: str, name: str) -> dict | None:
        return self._find(f"/namespaces/{namespace}/runs/{name}")

    def ask(self, namespace: str, name: str, task: str, tries: int) -> None:
        """Ask that a task of a run be tried for the nth time."""
        self._client.patch(
            f"/namespaces/{namespace}/runs/{name}",
            params={"fieldManager": "airflow"},
            content=json.dumps({"spec": {"tries": {task: tries}}}),
            headers=self._headers(**{"Content-Type": "application/merge-patch+json"}),
        ).raise_for_status()

    def watch_run(self, namespace: str, name: str, version: str) -> Iterator[dict]:
        """The versions of a run after the given one, until the API server ends the watch or the run is removed."""
        query = {
            "watch": "true",
            "fieldSelector": f"metadata.name={name}",
            "resourceVersion": version,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        patience = httpx.Timeout(_WATCH_SECONDS + 30, connect=10)
        with self._client.stream(
            "GET", f"/namespaces/{namespace}/runs", params=query, headers=self._headers(), timeout=patience
        ) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                event = json.loads(line)
                if event["type"] in ("DELETED", "ERROR"):
                    return
                yield event["object"]
