"""Schedules become DAGs, and never stay behind."""

import os
from datetime import timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from schedules import task

from atoll_airflow.bundle import ScheduleBundle
from atoll_airflow.loader import duration


def files(bundle) -> set[str]:
    return {str(f.relative_to(bundle.path)) for f in bundle.path.glob("*/*.py")}


def dags(bundle) -> dict:
    found = DagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name="schedules")
    assert not found.import_errors
    return found.dags


def test_a_schedule_becomes_a_dag(bundle, schedules):
    retries = {"limit": 2, "backoff": "1m30s", "maxBackoff": "1h"}
    made = schedules.make("fraud", "report", tasks=[task("load", retries=retries), task("publish", "load")])
    schedules.make("fraud", "small", engine="Kubernetes")
    bundle.refresh()
    assert files(bundle) == {"fraud/report.py"}
    dag = dags(bundle)["fraud.report"]
    assert dag.tags == {"workspace:fraud", f"generation:{made['metadata']['generation']}"}
    assert dag.task_dict["publish"].upstream_task_ids == {"load"}
    load = dag.task_dict["load"]
    assert (load.retries, load.retry_delay, load.max_retry_delay) == (5, timedelta(seconds=90), timedelta(hours=1))
    schedules.remove("fraud", "report")
    schedules.remove("fraud", "small")


def test_files_follow_the_schedules(bundle, schedules):
    for name in ("one", "two"):
        schedules.make("risk", name)
    bundle.refresh()
    before = {name: os.stat(bundle.path / "risk" / f"{name}.py").st_mtime_ns for name in ("one", "two")}
    version = bundle.get_current_version()
    bundle.refresh()
    assert bundle.get_current_version() == version
    assert before == {n: os.stat(bundle.path / "risk" / f"{n}.py").st_mtime_ns for n in before}, "nothing had changed"

    schedules.change("risk", "one", tasks=[task("other")])
    bundle.refresh()
    assert bundle.get_current_version() != version
    assert os.stat(bundle.path / "risk" / "one.py").st_mtime_ns > before["one"], "a changed schedule is read anew"
    assert os.stat(bundle.path / "risk" / "two.py").st_mtime_ns == before["two"], "the other is left alone"
    assert set(dags(bundle)["risk.one"].task_dict) == {"other"}

    schedules.remove("risk", "one")
    schedules.change("risk", "two", engine="Kubernetes")
    bundle.refresh()
    assert files(bundle) == set()


def test_a_schedule_made_anew_is_read_anew(bundle, schedules):
    schedules.make("anew", "daily")
    bundle.refresh()
    version = bundle.get_current_version()
    schedules.remove("anew", "daily")
    schedules.make("anew", "daily", tasks=[task("second")])
    bundle.refresh()
    assert bundle.get_current_version() != version
    schedules.remove("anew", "daily")


def test_a_file_whose_schedule_has_gone_has_no_dag(bundle, schedules):
    schedules.make("gone", "daily")
    bundle.refresh()
    schedules.remove("gone", "daily")
    assert dags(bundle) == {}


def test_the_pod_of_a_task_has_what_its_run_keeps_to(tmp_path, schedules, monkeypatch):
    schedules.make("kept", "daily", tasks=[task("changed")])
    schedules.run("kept", "daily", "daily-20260331-0430", [task("load"), task("publish", "load")])
    monkeypatch.setenv("ATOLL_DAG", "kept.daily")
    monkeypatch.setenv("ATOLL_RUN", "daily-20260331-0430")
    bundle = ScheduleBundle(name="schedules", version="whatever it was")
    bundle.base_dir = tmp_path / "worker"
    bundle.initialize()
    assert files(bundle) == {"kept/daily.py"}
    assert set(dags(bundle)["kept.daily"].task_dict) == {"load", "publish"}
    schedules.remove("kept", "daily")


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("1m30s", 90), ("1h0m0s", 3600), ("1.5h", 5400), ("100ms", 0.1)]
)
def test_durations_are_those_of_go(text, seconds):
    assert duration(text).total_seconds() == seconds
