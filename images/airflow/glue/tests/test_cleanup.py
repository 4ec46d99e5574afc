"""What is old goes from the database, and what is not stays."""

import os
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conftest import AIRFLOW

from atoll_airflow.cleanup import arguments


def test_what_is_older_than_the_bound_is_removed():
    now = datetime.now(UTC)
    with sqlite3.connect(Path(os.environ["AIRFLOW_HOME"]) / "airflow.db") as database:
        for days in (1, 29, 31, 400):
            at = (now - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f")
            database.execute("INSERT INTO log (dttm, event) VALUES (?, ?)", (at, f"{days} days ago"))
    done = subprocess.run([AIRFLOW, *arguments(30, now)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    with sqlite3.connect(Path(os.environ["AIRFLOW_HOME"]) / "airflow.db") as database:
        left = [e for (e,) in database.execute("SELECT event FROM log WHERE event LIKE '%days ago' ORDER BY id")]
        copies = [
            n
            for (n,) in database.execute(
                "SELECT name FROM sqlite_master WHERE name LIKE '\\_airflow\\_deleted%' ESCAPE '\\'"
            )
        ]
    assert left == ["1 days ago", "29 days ago"]
    assert copies == []
