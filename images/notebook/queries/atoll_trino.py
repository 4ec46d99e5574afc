"""Connects to the platform's Trino as the person whose server or run this is.

    import atoll_trino
    rows = atoll_trino.connect().cursor().execute("SELECT 1").fetchall()

The token lies in a file that Kubernetes renews. It is read for each request, so a connection stays good for as long
as the notebook runs.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Session
from requests.auth import AuthBase
from trino.auth import Authentication
from trino.dbapi import Connection
from trino.dbapi import connect as _connect

FOLDER = Path("/run/atoll-trino")
VARIABLE = "ATOLL_TRINO_URL"


class NoTrinoError(RuntimeError):
    """There is no Trino to connect to from here."""


class _Bearer(AuthBase):
    def __init__(self, token: Path) -> None:
        self._token = token

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token.read_text().strip()}"
        return r


class PersonalToken(Authentication):
    """Shows the token that is in the file at each request."""

    def __init__(self, token: Path = FOLDER / "token") -> None:
        self._token = token

    def set_http_session(self, http_session: Session) -> Session:
        http_session.auth = _Bearer(self._token)
        # The certificate of Trino's authority, and not what else the environment trusts; no proxy, and no .netrc.
        http_session.trust_env = False
        return http_session


def options(environ: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> dict[str, Any]:
    """What trino.dbapi.connect, or SQLAlchemy's connect_args, need to reach the platform's Trino."""
    url = urlsplit(environ.get(VARIABLE, ""))
    if not url.hostname:
        raise NoTrinoError(
            f"{VARIABLE} is not set: the platform has no Trino, or this server was started before it had. "
            "Restart the server."
        )
    return {
        "host": url.hostname,
        "port": url.port or 443,
        "http_scheme": "https",
        "auth": PersonalToken(folder / "token"),
        "verify": str(folder / "ca.crt"),
    }


def connect(**more: Any) -> Connection:
    """A connection to the platform's Trino. Takes what trino.dbapi.connect takes, such as catalog and schema."""
    return _connect(**(options() | more))
