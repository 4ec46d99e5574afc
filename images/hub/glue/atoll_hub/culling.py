"""When a server is stopped because nothing happens in it, and what people are told until then.

Pure: decide() alone answers, for the culler, for the pages and for the dry run, so that none can say what another does
not do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

# People are told this long before a server is stopped, or a quarter of idleAfter where that is shorter.
LONGEST_NOTICE = timedelta(minutes=10)


class State(StrEnum):
    """What is to become of a server."""

    ACTIVE = "Active"  # somebody uses it
    BUSY = "Busy"  # something runs in it: it is not stopped, however long that takes
    IDLE = "Idle"  # nothing happens, and its time is not yet up
    HELD = "Held"  # its person holds it
    UNKNOWN = "Unknown"  # it is quiet, and what runs in it cannot be learnt
    ENDING = "Ending"  # its time is up, and its person is being told
    STOP = "Stop"  # its time is up, and its person was told
    OFF = "Off"  # idle servers are not stopped on this platform


@dataclass(frozen=True)
class Hold:
    """A person's word that their server is to stay although nothing happens in it."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Limits:
    """How long a server may be quiet: two times of its workspace, one of the platform."""

    idle_after: timedelta
    max_hold: timedelta
    unknown_after: timedelta
    enabled: bool = True

    @property
    def notice(self) -> timedelta:
        return min(LONGEST_NOTICE, self.idle_after / 4)


@dataclass(frozen=True)
class Facts:
    """What is known of a server. busy and unseen are written for people: what runs, and why that is not known."""

    last_activity: datetime
    busy: tuple[str, ...] = ()
    unseen: str = ""
    hold: Hold | None = None
    warned_at: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """What becomes of a server, why, and when it is stopped if nothing changes; never where stops_at is None."""

    state: State
    reason: str
    stops_at: datetime | None = None
    warned_at: datetime | None = None


def decide(facts: Facts, limits: Limits, now: datetime) -> Verdict:
    """The one decision about a server.

    Nothing that works is stopped. A quiet server is stopped once its time is up and its person has been told for the
    whole time of notice, which begins anew when the hub was away. A hold only ever makes a server's time longer.
    """
    if not limits.enabled:
        return Verdict(State.OFF, "idle servers are not stopped on this platform")
    if facts.busy:
        return Verdict(State.BUSY, "; ".join(facts.busy))
    allowed, rule = _allowed(facts, limits)
    ends = facts.last_activity + allowed
    held = _held_until(facts.hold, limits)
    if held is not None and held > ends:
        ends, rule = held, f"it was held until {clock(held)}, and that time is up"
    begins = ends - limits.notice
    if now < begins:
        return _before(facts, limits, held, ends, now)
    since = _told_since(facts) or now
    stops = max(ends, since + limits.notice)
    reason = f"nothing happened in it since {clock(facts.last_activity)}, and {rule}"
    return Verdict(State.STOP if now >= stops else State.ENDING, reason, stops, since)


def hold_ends(hold: Hold | None, limits: Limits, now: datetime) -> datetime | None:
    """When a hold ends; None where there is none, where it has ended, or where the workspace forbids it by now."""
    until = _held_until(hold, limits)
    return until if until and until > now else None


def _allowed(facts: Facts, limits: Limits) -> tuple[timedelta, str]:
    rule = f"this workspace stops idle servers after {spell(limits.idle_after)}"
    if not facts.unseen:
        return limits.idle_after, rule
    allowed = max(limits.idle_after, limits.unknown_after)
    return allowed, f"{facts.unseen}: such a server is stopped after {spell(allowed)}"


def _before(facts: Facts, limits: Limits, held: datetime | None, ends: datetime, now: datetime) -> Verdict:
    if now - facts.last_activity < limits.notice:
        return Verdict(State.ACTIVE, "it is in use", ends)
    quiet = f"nothing happened in it since {clock(facts.last_activity)}"
    if held is not None and held > now:
        return Verdict(State.HELD, f"{quiet}; its person holds it until {clock(held)}", ends)
    rule = _allowed(facts, limits)[1]
    return Verdict(State.UNKNOWN if facts.unseen else State.IDLE, f"{quiet}; {rule}", ends)


def _held_until(hold: Hold | None, limits: Limits) -> datetime | None:
    """A hold is never longer than the workspace allows now, whatever it allowed when it began."""
    if hold is None or not limits.max_hold:
        return None
    return min(hold.until, hold.since + limits.max_hold)


def _told_since(facts: Facts) -> datetime | None:
    """When the notice that still holds was given: what happened after it made it void."""
    since = facts.warned_at
    if since is None or since < facts.last_activity or (facts.hold and since < facts.hold.since):
        return None
    return since


def clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def spell(duration: timedelta) -> str:
    """A duration as people and Go write it: 45s, 10m, 1h30m, 168h."""
    seconds = int(duration.total_seconds())
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if n]
    return "".join(parts) or "0s"
