"""hub.yaml: what the chart tells the hub. Unknown and missing keys are errors that name the key."""

from pathlib import Path
from typing import Literal

import durationpy
import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, field_validator

_HEX_KEY = 64
_DAY = 86400


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Oidc(_Part):
    """The one way to sign in."""

    issuer: HttpUrl
    clientID: str = Field(min_length=1)  # noqa: N815
    usernameClaim: str = "preferred_username"  # noqa: N815
    groupsClaim: str = "groups"  # noqa: N815
    adminGroup: str = ""  # noqa: N815
    scopes: list[str] = ["openid", "profile", "email"]
    refreshAfter: str = "2m"  # noqa: N815
    # A person at work makes no requests, and after some hours many providers say nothing more of them.
    trustGroupsFor: str = "24h"  # noqa: N815

    @field_validator("refreshAfter", "trustGroupsFor")
    @classmethod
    def _times(cls, value: str) -> str:
        return _bounded(value, 1, 30 * _DAY)

    @property
    def issuer_text(self) -> str:
        """The issuer without a trailing slash, as most providers state it."""
        return str(self.issuer).rstrip("/")


class Servers(_Part):
    """What every server has, whatever its profile."""

    hubURL: HttpUrl  # noqa: N815
    placement: Literal["Required", "Relaxed"] = "Required"
    priorityClassName: str = "atoll-application"  # noqa: N815
    startTimeout: str = "5m"  # noqa: N815
    storageClassName: str = ""  # noqa: N815


class Culling(_Part):
    """How often servers are looked at, and how long a quiet one stays that cannot say what runs in it.

    How long one may idle is the workspace's to say.
    """

    enabled: bool = True
    every: str = "1m"
    unknownAfter: str = "24h"  # noqa: N815

    @field_validator("every")
    @classmethod
    def _every(cls, value: str) -> str:
        return _bounded(value, 1, 600)

    @field_validator("unknownAfter")
    @classmethod
    def _unknown_after(cls, value: str) -> str:
        return _bounded(value, 1, 30 * _DAY)


class DataAccess(_Part):
    """What makes the object store and the person's credentials for it be found in a server."""

    config: str
    credentials: str


class Trino(_Part):
    """Where servers find Trino, and the file with the certificate that signed Trino's."""

    url: HttpUrl
    authority: Path


class Settings(_Part):
    url: HttpUrl
    port: int = Field(default=8081, ge=1, le=65535)
    proxyAPI: HttpUrl  # noqa: N815
    stateFolder: Path = Path("/srv/jupyterhub")  # noqa: N815
    secretsFolder: Path = Path("/etc/atoll/secrets")  # noqa: N815
    databaseURLFile: Path | None = None  # noqa: N815
    oidc: Oidc
    servers: Servers
    culling: Culling = Culling()
    dataAccess: DataAccess | None = None  # noqa: N815
    trino: Trino | None = None

    @field_validator("databaseURLFile", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @property
    def public_url(self) -> str:
        return str(self.url).rstrip("/")

    def secret(self, name: str) -> str:
        """The text of a mounted secret; SettingsError where it is missing or empty."""
        return _read_secret(self.secretsFolder / name)

    def key(self, name: str) -> bytes:
        """A mounted key of 32 bytes, written as 64 hex digits."""
        text = self.secret(name)
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(text) != _HEX_KEY or not key:
            raise SettingsError(f"reading {self.secretsFolder / name}: expected {_HEX_KEY} hex digits")
        return key

    @property
    def database_url(self) -> str:
        if self.databaseURLFile is None:
            return f"sqlite:///{self.stateFolder}/jupyterhub.sqlite"
        url = _read_secret(self.databaseURLFile)
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        return url


class SettingsError(Exception):
    """hub.yaml or a secret does not say what the hub needs."""


def load(path: Path) -> Settings:
    try:
        return Settings.model_validate(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError) as err:
        raise SettingsError(f"reading {path}: {err}") from err
    except ValidationError as err:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'top level'}: {e['msg']}" for e in err.errors())
        raise SettingsError(f"reading {path}: {problems}") from err


def seconds(duration: str) -> int:
    """A duration such as 90s, 5m or 1h30m in seconds."""
    try:
        return int(durationpy.from_str(duration).total_seconds())
    except durationpy.DurationError as err:
        raise SettingsError(f"{duration!r} is not a duration such as 90s, 5m or 1h30m") from err


def _bounded(duration: str, shortest: int, longest: int) -> str:
    """The duration itself; ValueError, which names what is allowed, where it is none or out of bounds."""
    try:
        value = durationpy.from_str(duration).total_seconds()
    except (durationpy.DurationError, OverflowError):
        value = -1
    if not shortest <= value <= longest:
        raise ValueError(
            f"{duration!r} is not allowed: state a duration such as 90s, 5m or 1h30m, from {shortest}s to {longest}s"
        )
    return duration


def _read_secret(path: Path) -> str:
    try:
        text = path.read_text().strip()
    except OSError as err:
        raise SettingsError(f"reading the secret {path}: {err.strerror}; is its Secret mounted?") from err
    if not text:
        raise SettingsError(f"reading the secret {path}: it is empty")
    return text
