"""The task of a DAG: asks for an attempt of a run's task and waits for what becomes of it."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from atoll_airflow.cluster import Cluster
from atoll_airflow.names import WORKSPACE_PREFIX

_PAUSE = 5
_ENDED = ("Succeeded", "Failed", "Missed", "Skipped", "Cancelled")


class NotebookOperator(BaseOperator):
    """Has a notebook run by the operator, in the workspace and in its owner's name.

    The pod of the notebook is the operator's to make, as on every engine. This asks for it in the Run: so a pod of
    Airflow that dies and is tried again finds the attempt that it had asked for, and does not start a second one.
    """

    def __init__(self, *, workspace: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.workspace = workspace

    def execute(self, context: Any) -> None:
        follow(Cluster.own(), WORKSPACE_PREFIX + self.workspace, context["run_id"], self.task_id, self.log)


def follow(cluster: Cluster, namespace: str, run: str, task: str, log: Any) -> None:
    """Ask for a try and return when the task has succeeded. An AirflowException lets Airflow ask again."""
    asked, told = 0, ""
    for seen in versions(cluster, namespace, run):
        state = find(seen, run, task)
        phase, failures = state.get("phase", "Waiting"), state.get("failures", 0)
        said = " ".join(str(state.get(key, "")) for key in ("phase", "attempt", "reason", "message")).strip()
        if said != told:
            log.info("task %s of run %s: %s", task, run, said)
            told = said
        if phase == "Succeeded":
            return
        if phase in ("Failed", "Skipped", "Cancelled"):
            raise AirflowFailException(said)
        if asked and failures >= asked:
            raise AirflowException(said)
        if not asked:
            asked = failures + 1
            cluster.ask(namespace, run, task, asked)


def find(run: dict, name: str, task: str) -> dict:
    """What a run says of a task."""
    status = run.get("status", {})
    for state in status.get("tasks", []):
        if state["name"] == task:
            return state
    if status.get("phase") in _ENDED:
        raise AirflowFailException(f"run {name} has ended: {status['phase']}, {status.get('reason', '')}")
    raise AirflowFailException(f"run {name} has no task {task}")


def versions(cluster: Cluster, namespace: str, name: str) -> Iterator[dict]:
    """A run as it is and whenever it has changed, for as long as it is there."""
    while True:
        try:
            run = cluster.run(namespace, name)
            if run is None:
                raise AirflowFailException(
                    f"there is no Run {name} in {namespace}: a DAG of a schedule is started by its Run, "
                    "such as `atoll run` makes"
                )
            yield run
            yield from cluster.watch_run(namespace, name, run["metadata"]["resourceVersion"])
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in (401, 403, 422):
                raise
        time.sleep(_PAUSE)
