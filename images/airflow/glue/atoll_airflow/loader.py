"""Makes the DAG of a schedule."""

import os
import re
from datetime import timedelta

from airflow.sdk import DAG

from atoll_airflow.cluster import Cluster
from atoll_airflow.names import WORKSPACE_PREFIX, dag_id, generation_tag
from atoll_airflow.notebook import NotebookOperator

# Tries that Airflow may lose to pods of its own that die. How often a notebook is tried is the operator's to count.
_SPARE_TRIES = 3
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def load(workspace: str, schedule: str) -> DAG | None:
    """The DAG of a schedule, or None where there is no such schedule any more.

    It has no timetable: the operator decides when there is a run, on every engine by the same rules. In the pod of a
    task it is made of what the run keeps to, and elsewhere of what the schedule says now.
    """
    namespace, cluster = WORKSPACE_PREFIX + workspace, Cluster.own()
    if name := os.environ.get("ATOLL_RUN"):
        run = cluster.run(namespace, name)
        if run is None:
            return None
        plan = run["status"]["plan"]
        return build(workspace, schedule, plan["tasks"], generation=plan.get("generation", 0))
    found = cluster.schedule(namespace, schedule)
    if found is None:
        return None
    spec = found["spec"]
    return build(
        workspace,
        schedule,
        spec["tasks"],
        generation=found["metadata"]["generation"],
        description=spec.get("description") or f"{spec['cron']} in {spec['timeZone']}, as schedule {schedule} says",
        owner=spec["owner"],
    )


def build(
    workspace: str, schedule: str, tasks: list[dict], generation: int, description: str = "", owner: str = ""
) -> DAG:
    dag = DAG(
        dag_id=dag_id(workspace, schedule),
        description=description,
        schedule=None,
        catchup=False,
        # What overlaps and what waits has been decided when a run gets here.
        max_active_runs=1000,
        tags=[f"workspace:{workspace}", generation_tag(generation)],
    )
    operators = {}
    for task in tasks:
        retries = task.get("retries", {})
        operators[task["name"]] = NotebookOperator(
            task_id=task["name"],
            workspace=workspace,
            dag=dag,
            owner=owner or "atoll",
            retries=retries.get("limit", 0) + _SPARE_TRIES,
            retry_delay=duration(retries.get("backoff", "30s")),
            retry_exponential_backoff=2,
            max_retry_delay=duration(retries.get("maxBackoff", "10m")),
        )
    for task in tasks:
        for dependency in task.get("dependsOn", []):
            operators[dependency].set_downstream(operators[task["name"]])
    return dag


def duration(text: str) -> timedelta:
    """A duration as Go writes it, such as 1h30m0s."""
    parts = re.findall(r"([0-9.]+)(ms|h|m|s)", text)
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
