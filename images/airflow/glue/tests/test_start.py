"""Settings that come from Secrets."""

import json

from atoll_airflow.start import accounts, settings


def test_secrets_become_settings_and_nothing_else(tmp_path):
    for key in ("fernet-key", "jwt-secret", "api-secret"):
        (tmp_path / key).write_text(key + "\n")
    (tmp_path / "username").write_text("airflow")
    (tmp_path / "password").write_text("p@ss/word")
    got = settings(
        {
            "ATOLL_SECRETS": str(tmp_path),
            "ATOLL_DATABASE_ACCOUNT": str(tmp_path),
            "ATOLL_DATABASE_HOST": "db.example.com",
            "ATOLL_DATABASE_PORT": "5432",
            "ATOLL_DATABASE_NAME": "airflow",
            "ATOLL_DATABASE_SSLMODE": "require",
        }
    )
    place = "airflow:p%40ss%2Fword@db.example.com:5432/airflow"
    assert got == {
        "AIRFLOW__CORE__FERNET_KEY": "fernet-key",
        "AIRFLOW__API_AUTH__JWT_SECRET": "jwt-secret",
        "AIRFLOW__API__SECRET_KEY": "api-secret",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{place}?sslmode=require",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{place}?ssl=require",
    }


def test_accounts_are_for_the_owner_of_the_process_alone(tmp_path):
    people, file = tmp_path / "people", tmp_path / "accounts.json"
    people.mkdir()
    (people / "operator").write_text("secret\n")
    (people / "..data").mkdir()
    accounts(people, file)
    assert json.loads(file.read_text()) == {"operator": "secret"}
    assert file.stat().st_mode & 0o077 == 0
