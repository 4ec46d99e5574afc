"""Names that Kubernetes objects of a person carry. internal/person in Go states the same rule."""

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_PLAIN_LIMIT = 40
_STEM_LIMIT = 30
# Stands in no name that is its own slug, so nobody can choose a name that is another's slug.
_SEPARATOR = "--"


def slug(user: str) -> str:
    """The part of object names that stands for a person: at most 40 lower-case letters, digits and hyphens.

    A user name that is already fit for an object name is kept. Every other one is sanitised and gets a hash, so that
    two people never share a slug.
    """
    name = user.lower()
    if len(name) <= _PLAIN_LIMIT and _SEPARATOR not in name and _PLAIN.fullmatch(name):
        return name
    stem = re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:_STEM_LIMIT].strip("-") or "x"
    return f"{stem}{_SEPARATOR}{hashlib.sha256(user.encode()).hexdigest()[:8]}"


def service_account(user: str) -> str:
    return f"person-{slug(user)}"


def home(user: str) -> str:
    return f"home-{slug(user)}"


def pod(user: str) -> str:
    return f"notebook-{slug(user)}"
