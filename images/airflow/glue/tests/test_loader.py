"""Schedules become DAGs, and never stay behind."""

import time
from datetime import timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from schedules import task

from atoll_airflow.bundle import ScheduleBundle, file_of
from atoll_airflow.loader import duration


def files(bundle) -> set[str]:
    return {f.name for f in bundle.path.glob("*.py")}


def changed(bundle) -> dict[str, int]:
    return {f.name: f.stat().st_mtime_ns for f in bundle.path.glob("*.py")}


def dags(bundle) -> dict:
    found = DagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name="schedules")
    assert not found.import_errors
    return found.dags


def apart(workspace: str) -> tuple[str, str]:
    """Two names of schedules that are in different files."""
    return "one", next(
        n for n in ("two", "three", "four") if file_of(f"{workspace}.{n}") != file_of(f"{workspace}.one")
    )


def test_a_schedule_becomes_a_dag(bundle, schedules):
    retries = {"limit": 2, "backoff": "1m30s", "maxBackoff": "1h"}
    made = schedules.make("fraud", "report", tasks=[task("load", retries=retries), task("publish", "load")])
    schedules.make("fraud", "small", engine="Kubernetes")
    bundle.refresh()
    assert set(dags(bundle)) == {"fraud.report"}
    dag = dags(bundle)["fraud.report"]
    assert dag.tags == {"workspace:fraud", f"generation:{made['metadata']['generation']}"}
    assert dag.task_dict["publish"].upstream_task_ids == {"load"}
    load = dag.task_dict["load"]
    assert (load.retries, load.retry_delay, load.max_retry_delay) == (5, timedelta(seconds=90), timedelta(hours=1))
    schedules.remove("fraud", "report")
    schedules.remove("fraud", "small")


def test_files_follow_the_schedules(bundle, schedules):
    one, two = apart("risk")
    for name in (one, two):
        schedules.make("risk", name)
    bundle.refresh()
    before, version = changed(bundle), bundle.get_current_version()
    bundle.refresh()
    assert bundle.get_current_version() == version
    assert changed(bundle) == before, "nothing had changed"

    schedules.change("risk", one, tasks=[task("other")])
    bundle.refresh()
    assert bundle.get_current_version() != version
    after = changed(bundle)
    assert after[file_of(f"risk.{one}")] > before[file_of(f"risk.{one}")], "a changed schedule is read anew"
    assert after[file_of(f"risk.{two}")] == before[file_of(f"risk.{two}")], "the other is left alone"
    assert set(dags(bundle)[f"risk.{one}"].task_dict) == {"other"}

    schedules.remove("risk", one)
    schedules.change("risk", two, engine="Kubernetes")
    bundle.refresh()
    assert files(bundle) == set()


def test_what_a_run_does_to_a_schedule_is_no_change(bundle, schedules):
    schedules.make("quiet", "daily")
    bundle.refresh()
    before, version = changed(bundle), bundle.get_current_version()
    schedules.note("quiet", "daily", {"active": 1})
    bundle.refresh()
    assert (changed(bundle), bundle.get_current_version()) == (before, version)
    schedules.remove("quiet", "daily")


def test_a_change_is_shown_once_more_after_a_while(bundle, schedules, monkeypatch):
    """Airflow misses a change that falls into a read of its file."""
    schedules.make("late", "daily")
    bundle.refresh()
    seen, now = [changed(bundle)], time.monotonic()
    for later in (59, 61, 200):
        monkeypatch.setattr("atoll_airflow.bundle.time.monotonic", lambda later=later: now + later)
        bundle.refresh()
        seen.append(changed(bundle))
    assert seen[0] == seen[1] != seen[2] == seen[3]
    schedules.remove("late", "daily")


def test_a_schedule_made_anew_is_read_anew(bundle, schedules):
    schedules.make("anew", "daily")
    bundle.refresh()
    version = bundle.get_current_version()
    schedules.remove("anew", "daily")
    schedules.make("anew", "daily", tasks=[task("second")])
    bundle.refresh()
    assert bundle.get_current_version() != version
    assert set(dags(bundle)["anew.daily"].task_dict) == {"second"}
    schedules.remove("anew", "daily")


def made(workspace: str, name: str, *tasks: dict) -> dict:
    """A schedule as the API server has it."""
    return {
        "metadata": {"namespace": f"ws-{workspace}", "name": name, "uid": name, "generation": 1},
        "spec": {"owner": "ada", "cron": "@daily", "timeZone": "UTC", "tasks": list(tasks)},
    }


def test_a_schedule_that_is_no_dag_leaves_the_others_of_its_file_alone(bundle):
    """The API server refuses such a schedule; one that a newer Atoll allows may be another."""
    good = next(f"s{n}" for n in range(1000) if file_of(f"odd.s{n}") == file_of("odd.bad"))
    bundle._write([made("odd", "bad", task("load", "nowhere")), made("odd", good, task("load"))])
    assert files(bundle) == {file_of("odd.bad")}
    assert set(dags(bundle)) == {f"odd.{good}"}


def test_a_thousand_schedules_are_a_few_files(bundle):
    bundle._write([made("many", f"s{n}", task("load")) for n in range(1000)])
    assert len(files(bundle)) <= 32
    assert len(dags(bundle)) == 1000


def test_the_pod_of_a_task_has_what_its_run_keeps_to(tmp_path, schedules, monkeypatch):
    schedules.make("kept", "daily", tasks=[task("changed")])
    schedules.run("kept", "daily", "daily-20260331-0430", [task("load"), task("publish", "load")])
    monkeypatch.setenv("ATOLL_DAG", "kept.daily")
    monkeypatch.setenv("ATOLL_RUN", "daily-20260331-0430")
    bundle = ScheduleBundle(name="schedules", version="whatever it was")
    bundle.base_dir = tmp_path / "worker"
    bundle.initialize()
    assert files(bundle) == {file_of("kept.daily")}
    assert set(dags(bundle)["kept.daily"].task_dict) == {"load", "publish"}
    schedules.remove("kept", "daily")


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("1m30s", 90), ("1h0m0s", 3600), ("1.5h", 5400), ("100ms", 0.1)]
)
def test_durations_are_those_of_go(text, seconds):
    assert duration(text).total_seconds() == seconds
