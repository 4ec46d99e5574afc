"""Schedules and runs for tests, in a real API server."""

from api_server import ApiError, ApiServer

_API = "/apis/atoll.dev/v1alpha1/namespaces/{}/{}"
_MERGE = "application/merge-patch+json"


class Schedules:
    def __init__(self, server: ApiServer):
        self._server = server

    def namespace(self, name: str) -> None:
        try:
            self._server.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        except ApiError as error:
            if ": 409 " not in str(error):
                raise

    def make(self, workspace: str, name: str, engine: str = "Airflow", tasks: list | None = None) -> dict:
        namespace = f"ws-{workspace}"
        self.namespace(namespace)
        return self._server.request("POST", _API.format(namespace, "schedules"), _schedule(name, engine, tasks))

    def change(self, workspace: str, name: str, **spec) -> dict:
        path = _API.format(f"ws-{workspace}", f"schedules/{name}")
        return self._server.request("PATCH", path, {"spec": spec}, _MERGE)

    def note(self, workspace: str, name: str, status: dict) -> None:
        path = _API.format(f"ws-{workspace}", f"schedules/{name}/status")
        self._server.request("PATCH", path, {"status": status}, _MERGE)

    def remove(self, workspace: str, name: str) -> None:
        self._server.request("DELETE", _API.format(f"ws-{workspace}", f"schedules/{name}"))

    def run(self, workspace: str, schedule: str, name: str, tasks: list[dict]) -> dict:
        """A run that has begun, as the operator leaves it."""
        run = {
            "apiVersion": "atoll.dev/v1alpha1",
            "kind": "Run",
            "metadata": {"name": name},
            "spec": {"schedule": schedule},
            "status": {
                "phase": "Running",
                "plan": {"engine": "Airflow", "generation": 1, "tasks": tasks},
                "tasks": [{"name": task["name"], "phase": "Waiting"} for task in tasks],
            },
        }
        return self._server.create(_API.format(f"ws-{workspace}", "runs"), run)

    def read(self, workspace: str, run: str) -> dict:
        return self._server.request("GET", _API.format(f"ws-{workspace}", f"runs/{run}"))

    def tell(self, workspace: str, run: str, *states: dict) -> None:
        """Have the run say what became of its tasks."""
        path = _API.format(f"ws-{workspace}", f"runs/{run}/status")
        self._server.request("PATCH", path, {"status": {"tasks": list(states)}}, _MERGE)

    def end(self, workspace: str, run: str) -> None:
        self._server.request("DELETE", _API.format(f"ws-{workspace}", f"runs/{run}"))


def task(name: str, *after: str, **more) -> dict:
    return {"name": name, "notebook": {"home": f"{name}.ipynb"}, "dependsOn": list(after), **more}


def _schedule(name: str, engine: str, tasks: list | None) -> dict:
    return {
        "apiVersion": "atoll.dev/v1alpha1",
        "kind": "Schedule",
        "metadata": {"name": name},
        "spec": {
            "owner": "ada",
            "profile": "python",
            "cron": "30 6 * * *",
            "engine": engine,
            "tasks": tasks or [task("load"), task("publish", "load")],
        },
    }
