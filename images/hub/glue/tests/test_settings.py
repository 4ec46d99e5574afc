from pathlib import Path

import pytest
import yaml

from atoll_hub import settings

GOOD = {
    "url": "http://hub.example:30080",
    "proxyAPI": "http://proxy-api:8001",
    "oidc": {"issuer": "http://idp.example/realms/atoll", "clientID": "atoll-hub"},
    "servers": {"hubURL": "http://hub:8081", "placement": "Relaxed"},
}


def write(tmp_path: Path, content) -> Path:
    path = tmp_path / "hub.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_load(tmp_path):
    loaded = settings.load(write(tmp_path, GOOD))
    assert loaded.oidc.issuer_text == "http://idp.example/realms/atoll"
    assert loaded.public_url == "http://hub.example:30080"
    assert loaded.database_url == "sqlite:////srv/jupyterhub/jupyterhub.sqlite"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (GOOD | {"colour": "red"}, "colour"),
        ({k: v for k, v in GOOD.items() if k != "oidc"}, "oidc"),
        (GOOD | {"oidc": {"issuer": "ftp://x", "clientID": "x"}}, "oidc.issuer"),
        (GOOD | {"servers": {"hubURL": "http://hub", "placement": "Loose"}}, "servers.placement"),
        ("a: [", "hub.yaml"),
        ("", "top level"),
    ],
)
def test_load_names_what_is_wrong(tmp_path, content, says):
    with pytest.raises(settings.SettingsError, match=says):
        settings.load(write(tmp_path, content))


def test_load_of_a_missing_file(tmp_path):
    with pytest.raises(settings.SettingsError, match="No such file"):
        settings.load(tmp_path / "hub.yaml")


def test_secrets(tmp_path):
    loaded = settings.load(write(tmp_path, GOOD | {"secretsFolder": str(tmp_path)}))
    (tmp_path / "crypt-key").write_text("ab" * 32 + "\n")
    assert loaded.key("crypt-key") == bytes.fromhex("ab" * 32)
    for wrong in ("ab" * 31, "zz" * 32, "\n"):
        (tmp_path / "crypt-key").write_text(wrong)
        with pytest.raises(settings.SettingsError, match="crypt-key"):
            loaded.key("crypt-key")
    with pytest.raises(settings.SettingsError, match="is its Secret mounted"):
        loaded.secret("client-secret")


@pytest.mark.parametrize(
    "given", ["postgres://u:p@db/hub", "postgresql://u:p@db/hub", "postgresql+psycopg://u:p@db/hub"]
)
def test_database(tmp_path, given):
    (tmp_path / "url").write_text(given)
    loaded = settings.load(write(tmp_path, GOOD | {"databaseURLFile": str(tmp_path / "url")}))
    assert loaded.database_url == "postgresql+psycopg://u:p@db/hub"


def test_seconds():
    assert settings.seconds("1h30m") == 5400
    with pytest.raises(settings.SettingsError, match="'soon'"):
        settings.seconds("soon")


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("culling", "every", "0s"),
        ("culling", "every", "soon"),
        ("culling", "every", "11m"),
        ("culling", "every", "-1m"),
        ("culling", "unknownAfter", "0s"),
        ("culling", "unknownAfter", "721h"),
        ("culling", "unknownAfter", "1 day"),
        ("oidc", "refreshAfter", "0s"),
        ("oidc", "trustGroupsFor", "for ever"),
        ("oidc", "trustGroupsFor", "9999999h"),
    ],
)
def test_times_out_of_bounds_are_named_with_what_is_allowed(tmp_path, part, field, value):
    content = GOOD | {part: GOOD.get(part, {}) | {field: value}}
    with pytest.raises(settings.SettingsError, match=rf"{part}\.{field}: .*{value}.*from 1s to \d+s"):
        settings.load(write(tmp_path, content))
