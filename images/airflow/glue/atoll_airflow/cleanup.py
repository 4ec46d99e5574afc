"""Removes what Airflow remembers of days long past: `python -m atoll_airflow.cleanup 30` keeps the last thirty."""

import sys
from datetime import UTC, datetime, timedelta

from atoll_airflow import start


def arguments(days: int, now: datetime) -> list[str]:
    before = (now - timedelta(days=days)).isoformat(timespec="seconds")
    # Without copies of what is removed: they would grow in its place.
    return ["db", "clean", "--yes", "--skip-archive", "--error-on-cleanup-failure", "--clean-before-timestamp", before]


if __name__ == "__main__":
    start.main(arguments(int(sys.argv[1]), datetime.now(UTC)))
