"""Makes the DAGs of schedules."""

import json
import logging
import os
import re
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG

from atoll_airflow.cluster import Cluster
from atoll_airflow.names import WORKSPACE_PREFIX, dag_id, generation_tag, parse_dag_id
from atoll_airflow.notebook import NotebookOperator

# Tries that Airflow may lose to pods of its own that die. How often a notebook is tried is the operator's to count.
_SPARE_TRIES = 3
_LOG = logging.getLogger(__name__)
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def load(file: str) -> dict[str, DAG]:
    """The DAGs of a file of the bundle, by name.

    They have no timetable: the operator decides when there is a run, on every engine by the same rules. In the pod of a
    task there is that task's DAG alone, made of what the run keeps to, and elsewhere they are what the list beside the
    file says.
    """
    if dag := os.environ.get("ATOLL_DAG"):
        return of_run(*parse_dag_id(dag), os.environ["ATOLL_RUN"])
    dags = {}
    for schedule in json.loads(Path(file).with_suffix(".json").read_text()):
        meta = schedule["metadata"]
        workspace, name = meta["namespace"].removeprefix(WORKSPACE_PREFIX), meta["name"]
        try:
            dags[dag_id(workspace, name)] = of_schedule(workspace, name, meta["generation"], schedule["spec"])
        except Exception:
            # The others of the file are well. The operator says of a run of this one that Airflow does not have it.
            _LOG.exception("schedule %s of workspace %s is no DAG", name, workspace)
    return dags


def of_run(workspace: str, schedule: str, name: str) -> dict[str, DAG]:
    run = Cluster.own().run(WORKSPACE_PREFIX + workspace, name)
    if run is None:
        return {}
    plan = run["status"]["plan"]
    return {dag_id(workspace, schedule): build(workspace, schedule, plan["tasks"], plan.get("generation", 0))}


def of_schedule(workspace: str, schedule: str, generation: int, spec: dict) -> DAG:
    return build(
        workspace,
        schedule,
        spec["tasks"],
        generation,
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
