"""OpenID Connect discovery: the provider's addresses, from its issuer alone."""

import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

_PATH = "/.well-known/openid-configuration"
_REQUEST_SECONDS = 10


class DiscoveryError(Exception):
    """The provider cannot be used as configured."""


@dataclass(frozen=True)
class Provider:
    issuer: str
    authorize_url: str
    token_url: str
    userinfo_url: str
    end_session_url: str


def fetch(issuer: str) -> bytes:
    """The discovery document of an issuer, which has to be an http or https address."""
    if not issuer.startswith(("http://", "https://")):
        raise DiscoveryError(f"the issuer {issuer!r} is neither an http nor an https address")
    with urllib.request.urlopen(issuer + _PATH, timeout=_REQUEST_SECONDS) as response:  # noqa: S310 (checked above)
        return response.read()


def discover(
    issuer: str,
    patience: float,
    log: logging.Logger,
    get: Callable[[str], bytes] = fetch,
    sleep: Callable[[float], None] = time.sleep,
) -> Provider:
    """Asks the provider where its endpoints are, again and again until it answers or patience (seconds) ends.

    A provider that answers with another issuer, or without an endpoint the hub needs, is refused at once.
    """
    deadline = time.monotonic() + patience
    pause = 1.0
    while True:
        try:
            return read(issuer, get(issuer))
        except (urllib.error.URLError, TimeoutError, ConnectionError) as err:
            if time.monotonic() + pause > deadline:
                raise DiscoveryError(
                    f"asking {issuer}{_PATH}: {err}; "
                    "is identity.issuer in platform.yaml right, and can the hub reach it?"
                ) from err
            log.warning("Asking %s%s: %s; next try in %.0f s", issuer, _PATH, err, pause)
            sleep(pause)
            pause = min(pause * 2, 15)


def read(issuer: str, document: bytes) -> Provider:
    """Reads a discovery document and holds it against the configured issuer."""
    try:
        found = json.loads(document)
        stated = found["issuer"].rstrip("/")
    except (ValueError, KeyError, AttributeError, TypeError) as err:
        raise DiscoveryError(f"{issuer}{_PATH} is no OpenID Connect discovery document") from err
    if stated != issuer.rstrip("/"):
        raise DiscoveryError(
            f"{issuer}{_PATH} states the issuer {stated}: set identity.issuer to exactly what the provider states"
        )
    missing = [k for k in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint") if not found.get(k)]
    if missing:
        raise DiscoveryError(f"{issuer}{_PATH} states no {missing[0]}, which the hub needs")
    return Provider(
        issuer=stated,
        authorize_url=found["authorization_endpoint"],
        token_url=found["token_endpoint"],
        userinfo_url=found["userinfo_endpoint"],
        end_session_url=found.get("end_session_endpoint", ""),
    )
