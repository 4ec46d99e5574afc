"""Starts a part of Airflow: `python -m atoll_airflow.start scheduler`.

What is secret comes from files, each a key of a mounted Secret, and goes into the environment of the part alone: so it
stands in no argument, in no pod and in no release.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import quote

# What each setting of Airflow is read from, in the folder that ATOLL_SECRETS names.
_SETTINGS = {
    "AIRFLOW__CORE__FERNET_KEY": "fernet-key",
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwt-secret",
    "AIRFLOW__API__SECRET_KEY": "api-secret",
}


def database(folder: Path, environ: dict[str, str]) -> str:
    """The address of the database, with the account whose username and password are in the folder."""
    user, password = (quote((folder / name).read_text().strip(), safe="") for name in ("username", "password"))
    place = f"{environ['ATOLL_DATABASE_HOST']}:{environ['ATOLL_DATABASE_PORT']}/{environ['ATOLL_DATABASE_NAME']}"
    return f"postgresql+psycopg2://{user}:{password}@{place}?sslmode={environ['ATOLL_DATABASE_SSLMODE']}"


def accounts(folder: Path, file: Path) -> None:
    """Write who may sign in at the API: each file of the folder is a person, and holds the password."""
    people = {f.name: f.read_text().strip() for f in sorted(folder.iterdir()) if f.is_file()}
    file.touch(mode=0o600)
    file.write_text(json.dumps(people) + "\n")


def settings(environ: dict[str, str]) -> dict[str, str]:
    """The settings that come from files."""
    secrets = Path(environ["ATOLL_SECRETS"])
    found = {name: (secrets / key).read_text().strip() for name, key in _SETTINGS.items()}
    found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = database(Path(environ["ATOLL_DATABASE_ACCOUNT"]), environ)
    # The API server asks in another way, which names what is encrypted differently.
    found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"] = (
        found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "+asyncpg").replace("?sslmode=", "?ssl=")
    )
    return found


def main(arguments: list[str]) -> None:
    environ = dict(os.environ)
    environ.update(settings(environ))
    if folder := environ.get("ATOLL_ACCOUNTS"):
        accounts(Path(folder), Path(environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]))
    os.execvpe("airflow", ["airflow", *arguments], environ)  # noqa: S606, S607


if __name__ == "__main__":
    main(sys.argv[1:])
