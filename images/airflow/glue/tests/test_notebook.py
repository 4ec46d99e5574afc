"""What the task of a DAG asks for, and what it makes of the answer."""

import logging
import threading
import time

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from schedules import task

from atoll_airflow import notebook
from atoll_airflow.cluster import Cluster

LOG = logging.getLogger("test")
NAMES = iter(f"daily-{n}" for n in range(100))


@pytest.fixture
def run(schedules):
    name = next(NAMES)
    schedules.namespace("ws-tasks")
    schedules.run("tasks", "daily", name, [task("load"), task("publish", "load")])
    return name


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(notebook, "_PAUSE", 0.1)


def follow(run, name="load"):
    notebook.follow(Cluster.own(), "ws-tasks", run, name, LOG)


def later(check, then):
    """Do something once the run says what is waited for."""

    def wait():
        deadline = time.monotonic() + 20
        while not check() and time.monotonic() < deadline:
            time.sleep(0.05)
        then()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def asked(schedules, run, name="load"):
    return schedules.read("tasks", run)["spec"].get("tries", {}).get(name, 0)


def test_it_asks_once_and_waits_for_success(schedules, run):
    def succeed():
        schedules.tell("tasks", run, {"name": "load", "phase": "Running", "attempt": 1})
        schedules.tell("tasks", run, {"name": "load", "phase": "Succeeded", "attempt": 1})

    answer = later(lambda: asked(schedules, run) == 1, succeed)
    follow(run)
    answer.join()
    assert schedules.read("tasks", run)["spec"]["tries"] == {"load": 1}, "of the other task nothing was asked"


def test_a_failure_that_may_be_retried_is_airflows_to_retry(schedules, run):
    state = {"name": "load", "phase": "Retrying", "attempt": 1, "failures": 1, "reason": "NotebookFailed"}
    answer = later(lambda: asked(schedules, run) == 1, lambda: schedules.tell("tasks", run, state))
    with pytest.raises(AirflowException, match="NotebookFailed") as caught:
        follow(run)
    answer.join()
    assert not isinstance(caught.value, AirflowFailException)

    # The next try of Airflow asks for the next try of the task.
    done = {"name": "load", "phase": "Succeeded", "attempt": 2, "failures": 1}
    answer = later(lambda: asked(schedules, run) == 2, lambda: schedules.tell("tasks", run, done))
    follow(run)
    answer.join()


def test_a_failure_for_good_is_not_retried(schedules, run):
    state = {"name": "load", "phase": "Failed", "attempt": 3, "failures": 3, "reason": "TimedOut"}
    answer = later(lambda: asked(schedules, run) == 1, lambda: schedules.tell("tasks", run, state))
    with pytest.raises(AirflowFailException, match="TimedOut"):
        follow(run)
    answer.join()


def test_a_pod_that_died_finds_the_try_it_had_asked_for(schedules, run):
    Cluster.own().ask("ws-tasks", run, "load", 1)
    schedules.tell("tasks", run, {"name": "load", "phase": "Running", "attempt": 1})
    before = schedules.read("tasks", run)["metadata"]["generation"]
    answer = later(lambda: True, lambda: schedules.tell("tasks", run, {"name": "load", "phase": "Succeeded"}))
    follow(run)
    answer.join()
    assert schedules.read("tasks", run)["metadata"]["generation"] == before, "it asked again for something else"


@pytest.mark.parametrize("phase", ["Cancelled", "Skipped"])
def test_a_run_that_is_ended_ends_the_task(schedules, run, phase):
    answer = later(
        lambda: asked(schedules, run) == 1, lambda: schedules.tell("tasks", run, {"name": "load", "phase": phase})
    )
    with pytest.raises(AirflowFailException, match=phase):
        follow(run)
    answer.join()


def test_a_run_that_is_removed_ends_the_task(schedules, run):
    answer = later(lambda: asked(schedules, run) == 1, lambda: schedules.end("tasks", run))
    with pytest.raises(AirflowFailException, match="there is no Run"):
        follow(run)
    answer.join()


def test_a_dag_that_somebody_triggers_by_hand_says_how_it_is_done(schedules):
    with pytest.raises(AirflowFailException, match="atoll run"):
        follow("manual__2026-03-31")


def test_a_task_that_the_run_does_not_have(run):
    with pytest.raises(AirflowFailException, match="has no task other"):
        follow(run, "other")
