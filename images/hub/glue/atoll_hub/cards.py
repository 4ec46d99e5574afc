"""What the home page says of each workspace, and of the person's server in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import access, annotations, culling, ending, environment, hold, quantity
from .annotations import Home
from .culling import State, Verdict
from .model import Role, Workspace

# A home is spoken of before it hurts, and loudly when it is about to.
FULL_SOON, FULL_NOW = 0.80, 0.95
# How long the home page says why a server was stopped, and that somebody was removed.
_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True)
class Server:
    """What the page says of a server that runs."""

    verdict: Verdict | None
    held_until: datetime | None
    home: Home | None
    news: str
    may_be_held: bool = True

    @property
    def warning(self) -> str:
        """What is about to happen to it, while that can still be prevented; empty where nothing is."""
        verdict = self.verdict
        if verdict is None or verdict.stops_at is None or verdict.state not in (State.ENDING, State.STOP):
            return ""
        return (
            f"Your server is about to be stopped, at {culling.clock(verdict.stops_at)}: {verdict.reason}. "
            f"Work in it{', or hold it,' if self.may_be_held else ''} and it stays. Your files are kept either way."
        )

    @property
    def outlook(self) -> str:
        """When it would be stopped if nothing changes, and why."""
        verdict = self.verdict
        if verdict is None:
            return "The hub has not looked at it yet."
        if verdict.state is State.BUSY:
            return f"It is not stopped while {verdict.reason}."
        if verdict.stops_at is None:
            return f"It is not stopped: {verdict.reason}."
        return f"It would be stopped at {culling.clock(verdict.stops_at)}: {verdict.reason}."


@dataclass(frozen=True)
class Card:
    """A workspace on the home page, with the state of the person's server in it."""

    name: str
    title: str
    workspace: Workspace | None
    role: Role | None
    profiles: tuple[str, ...]
    ready: bool
    pending: str
    open_url: str
    start_url: str
    ended: Mapping[str, str] | None = None
    server: Server | None = None
    others: tuple["Neighbour", ...] = ()

    @property
    def note(self) -> str:
        """Why the person cannot start a server here; empty where they can."""
        if self.workspace is None or self.role is None:
            if not self.ready and not self.pending:
                return ""
            return "You no longer belong to this workspace: your server is being stopped. Your files are kept."
        if not self.role.may_start:
            return access.viewer_note(self.workspace)
        if self.workspace.deleting:
            return "This workspace is being deleted."
        if not self.workspace.namespace:
            return "This workspace is still being prepared. Reload the page in a moment."
        if not self.profiles:
            return f"This workspace has no profile yet. Its owner, {self.workspace.owner}, can allow some."
        return ""

    @property
    def startable(self) -> bool:
        return self.role is not None and not self.note

    @property
    def holds(self) -> list[str]:
        """The times for which the person may hold their server."""
        return hold.offered(self.workspace) if self.workspace and self.ready and not self.note else []

    @property
    def last(self) -> str:
        """Why the last server was stopped, where the hub did it."""
        if not self.ended or self.ready or self.pending:
            return ""
        when = annotations.moment(self.ended.get("at"))
        return f"Your server was stopped at {culling.clock(when)}: {self.ended.get('reason', '')}" if when else ""


@dataclass(frozen=True)
class Neighbour:
    """Somebody's running server, as the workspace's owner sees it."""

    person: str
    profile: str
    verdict: str
    stops: str
    reason: str


def remembered(ended: Mapping[str, str] | None, now: datetime) -> bool:
    """Whether the page still has to say why a server was stopped."""
    when = annotations.moment((ended or {}).get("at"))
    return when is not None and now - when < _REMEMBERED


def was_removed(ended: Mapping[str, str] | None, now: datetime) -> bool:
    return bool(ended) and ended.get("why") == ending.RIGHTS and remembered(ended, now)


def neighbour(labels: Mapping[str, str], found: Mapping[str, str | None]) -> Neighbour:
    known = annotations.read_verdict(found)
    verdict = known[0] if known else Verdict(State.UNKNOWN, "the hub has not looked at it yet")
    return Neighbour(
        person=found.get(annotations.PERSON) or "",
        profile=labels.get("atoll.dev/profile", ""),
        verdict=verdict.state.value,
        stops=culling.clock(verdict.stops_at) if verdict.stops_at else "",
        reason=verdict.reason,
    )


def home_note(home: Home | None) -> str:
    """How full a home is, once that matters."""
    if home is None or home.share < FULL_SOON:
        return ""
    used, size = quantity.memory(home.used), quantity.memory(home.size)
    at_least = "" if home.complete else "at least "
    if home.enforced:
        then = "When it is full, nothing more can be saved, notebooks included."
    else:
        then = "Its size is measured here and not enforced: what you use beyond it, others lack."
    return (
        f"Your home here is {at_least}{home.share:.0%} full ({used} of {size}). {then} "
        "Delete what you no longer need, or ask the owner for larger homes (home.size)."
    )


def server(
    found: Mapping[str, str | None],
    profile: str,
    workspace: Workspace | None,
    profiles: Mapping,
    limits: culling.Limits,
    now: datetime,
) -> Server:
    known = annotations.read_verdict(found)
    return Server(
        verdict=known[0] if known else None,
        held_until=culling.hold_ends(annotations.read_hold(found), limits, now),
        home=annotations.read_home(found),
        news=environment.news(found, profile, workspace, profiles) if workspace else "",
        may_be_held=bool(limits.max_hold),
    )
