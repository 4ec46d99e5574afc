"""Holding a server: what a person may ask for. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import durationpy

from .culling import Hold, spell
from .model import Workspace
from .refusal import Refused

SHORTEST = timedelta(minutes=1)
# What the home page offers, as far as the workspace allows it.
_OFFERED = tuple(timedelta(hours=n) for n in (1, 4, 8, 24, 72, 168))
# Go's form, which the workspace's own times have.
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(h|m|s))+", re.ASCII)


def offered(workspace: Workspace) -> list[str]:
    """The times for which a person may hold a server here; none where the workspace forbids it."""
    if workspace.max_hold < SHORTEST:
        return []
    return [spell(d) for d in sorted({d for d in _OFFERED if d < workspace.max_hold} | {workspace.max_hold})]


def asked(body: Any, workspace: Workspace, now: datetime) -> Hold:
    """The hold that the body of a request asks for, or Refused with the field and what is allowed."""
    if not workspace.max_hold:
        raise Refused(
            403,
            f"Servers of workspace {workspace.display_name} cannot be held: its culling.maxHold is 0s. "
            f"Its owner, {workspace.owner}, can allow it.",
        )
    allowed = f"a duration such as 30m or 8h, from {spell(SHORTEST)} to {spell(workspace.max_hold)}"
    if not isinstance(body, Mapping):
        raise Refused(400, f"The body is an object with one field, for: {allowed}.")
    unknown = sorted(str(key) for key in body if key != "for")
    if unknown:
        raise Refused(400, f"Unknown field {unknown[0][:40]!r}: the one field is for, {allowed}.")
    if "for" not in body:
        raise Refused(400, f"The field for is missing: state {allowed}.")
    text = body["for"]
    if not isinstance(text, str) or len(text) > 20 or not _DURATION.fullmatch(text):
        raise Refused(400, f"for: {str(text)[:40]!r} is no duration; state {allowed}.")
    wanted = _duration(text)
    if wanted > workspace.max_hold:
        raise Refused(
            400,
            f"for: {text} is longer than workspace {workspace.display_name} allows (culling.maxHold); state {allowed}.",
        )
    if wanted < SHORTEST:
        raise Refused(400, f"for: {text} is too short; state {allowed}.")
    return Hold(since=now, until=now + wanted)


def _duration(text: str) -> timedelta:
    try:
        return durationpy.from_str(text)
    except (OverflowError, durationpy.DurationError):
        # Its form is right, so it is too long to be counted.
        return timedelta.max
