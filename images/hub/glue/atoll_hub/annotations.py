"""What the hub writes on a server's pod, where everyone who may see the pod finds it. api/v1alpha1 has the names in Go.

Whatever is read back may have been edited by hand: what does not read is as if it were not there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .culling import Hold, State, Verdict

PERSON = "atoll.dev/person"
SIZE = "atoll.dev/size"
PROFILE_GENERATION = "atoll.dev/profile-generation"
ENVIRONMENT = "atoll.dev/environment"
LAST_ACTIVITY = "atoll.dev/last-activity"
HELD_SINCE = "atoll.dev/held-since"
HELD_UNTIL = "atoll.dev/held-until"
CULLING = "atoll.dev/culling"
HOME = "atoll.dev/home-usage"
DATA_CONFIG = "atoll.dev/data-config"
DATA_CREDENTIALS = "atoll.dev/data-credentials"
TRINO_AUTHORITY = "atoll.dev/trino-authority"

Annotations = Mapping[str, str | None]


@dataclass(frozen=True)
class Home:
    """How full a home is. Not enforced: the storage lets it grow beyond its size. Not complete: there was no time to
    count it all, so there is at least that much."""

    used: int
    size: int
    enforced: bool
    complete: bool = True

    @property
    def share(self) -> float:
        return self.used / self.size if self.size else 0.0


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str | None) -> datetime | None:
    try:
        read = datetime.fromisoformat(text or "")
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def write_hold(hold: Hold | None) -> dict[str, str | None]:
    """The annotations of a hold; null takes them off."""
    return {
        HELD_SINCE: stamp(hold.since) if hold else None,
        HELD_UNTIL: stamp(hold.until) if hold else None,
    }


def read_hold(found: Annotations) -> Hold | None:
    since, until = moment(found.get(HELD_SINCE)), moment(found.get(HELD_UNTIL))
    return Hold(since, until) if since and until else None


def write_verdict(verdict: Verdict, now: datetime) -> str:
    """A verdict as JSON: verdict, reason, decidedAt, and stopsAt and warnedAt where they apply."""
    fields = {"verdict": verdict.state.value, "reason": verdict.reason}
    if verdict.stops_at:
        fields["stopsAt"] = stamp(verdict.stops_at)
    if verdict.warned_at:
        fields["warnedAt"] = stamp(verdict.warned_at)
    return json.dumps(fields | {"decidedAt": stamp(now)})


def read_verdict(found: Annotations) -> tuple[Verdict, datetime] | None:
    """The last verdict and when it was given."""
    fields = _object(found.get(CULLING))
    decided = moment(fields.get("decidedAt"))
    try:
        state = State(fields.get("verdict"))
    except ValueError:
        return None
    if decided is None:
        return None
    verdict = Verdict(
        state, str(fields.get("reason", "")), moment(fields.get("stopsAt")), moment(fields.get("warnedAt"))
    )
    return verdict, decided


def write_home(home: Home) -> str:
    return json.dumps({"used": home.used, "size": home.size, "enforced": home.enforced, "complete": home.complete})


def read_home(found: Annotations) -> Home | None:
    fields = _object(found.get(HOME))
    used, size = fields.get("used"), fields.get("size")
    if not isinstance(used, int) or not isinstance(size, int) or used < 0 or size <= 0:
        return None
    return Home(used, size, fields.get("enforced") is True, fields.get("complete") is not False)


def _object(text: str | None) -> dict[str, Any]:
    try:
        read = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
