"""Gathers what is known of a server, has it decided upon, and writes the verdict on the server's pod."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jupyterhub import orm
from jupyterhub.user import User
from kubernetes_asyncio.client import ApiException
from prometheus_client import Gauge

from . import annotations, culling
from .activity import Activity, Asker, utc
from .annotations import Home
from .clock import utcnow
from .culling import Facts, Limits, State, Verdict
from .model import Workspace
from .spawner import WorkspaceSpawner

if TYPE_CHECKING:
    from .app import Hub

VERDICTS = Gauge("atoll_hub_servers", "Running servers by what becomes of them", ["verdict"])

SERVICE = "keeper"
# A verdict that stays the same is written again after this long, so that one sees that somebody still looks.
REWRITTEN_AFTER = timedelta(minutes=10)
_TOKEN_SECONDS = 3600
# A home's use is told again once it moved by this share of its size.
_HOME_STEP = 0.01


def limits_of(workspace: Workspace | None, unknown_after: timedelta, enabled: bool) -> Limits:
    """A workspace's limits; where it is gone, the API's defaults hold until its servers are stopped."""
    if workspace is None:
        return Limits(timedelta(hours=1), timedelta(0), unknown_after, enabled)
    return Limits(workspace.idle_after, workspace.max_hold, unknown_after, enabled)


class Culler:
    def __init__(self, hub: "Hub", unknown_after: timedelta, enabled: bool):
        self._hub = hub
        self._unknown_after = unknown_after
        self._enabled = enabled
        self._asker = Asker()
        # By the server's path: what opens it, until when.
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def close(self) -> None:
        self._asker.close()

    def limits(self, name: str) -> Limits:
        return limits_of(self._hub.view.workspaces.get(name), self._unknown_after, self._enabled)

    async def look(self, user: User, name: str, spawner: WorkspaceSpawner) -> str:
        """Looks at one server, writes down what becomes of it, and returns why it is to be stopped, if it is."""
        activity = await self._asker.ask(spawner.server.url, self._token(user, name, spawner), utcnow())
        if not spawner.ready:
            return ""
        now = utcnow()
        facts = self._facts(spawner, activity)
        verdict = culling.decide(facts, self.limits(name), now)
        await self._write(spawner, activity.home, facts.last_activity, verdict, now)
        return verdict.reason if verdict.state is State.STOP else ""

    def _facts(self, spawner: WorkspaceSpawner, activity: Activity) -> Facts:
        """What is known of a server.

        JupyterHub's own record comes from the proxy, for which the sign of life of a forgotten page is activity. It
        counts only where the server cannot say more.
        """
        found = spawner.annotations
        row = spawner.orm_spawner
        recorded = utc(row.last_activity) if activity.unseen else None
        last = max((m for m in (activity.last_activity, recorded, utc(row.started)) if m), default=utcnow())
        known = annotations.read_verdict(found)
        return Facts(
            last_activity=last,
            busy=activity.busy,
            unseen=activity.unseen,
            hold=annotations.read_hold(found),
            warned_at=known[0].warned_at if known else None,
        )

    async def _write(
        self, spawner: WorkspaceSpawner, home: Home | None, active: datetime, verdict: Verdict, now: datetime
    ) -> None:
        found = spawner.annotations
        changes: dict[str, str | None] = {}
        if self._is_news(annotations.read_verdict(found), verdict, spawner.name, now):
            changes[annotations.CULLING] = annotations.write_verdict(verdict, now)
            changes[annotations.LAST_ACTIVITY] = annotations.stamp(active)
        before = annotations.read_home(found)
        if home and (before is None or home.size != before.size or abs(home.share - before.share) >= _HOME_STEP):
            changes[annotations.HOME] = annotations.write_home(home)
        if not changes:
            return
        try:
            await spawner.annotate(changes)
        except ApiException as err:
            # The pod is on its way out.
            if err.status != 404:
                raise

    def _is_news(self, before: tuple[Verdict, datetime] | None, verdict: Verdict, name: str, now: datetime) -> bool:
        if before is None:
            return True
        old, decided = before
        if (old.state, old.reason) != (verdict.state, verdict.reason) or now - decided >= REWRITTEN_AFTER:
            return True
        if old.stops_at is None or verdict.stops_at is None:
            return old.stops_at is not verdict.stops_at
        # While somebody works the time moves with every key; nobody needs it to the second.
        slack = self.limits(name).notice / 2 if verdict.state is State.ACTIVE else timedelta(seconds=1)
        return abs(old.stops_at - verdict.stops_at) > slack

    def _token(self, user: User, name: str, spawner: WorkspaceSpawner) -> str:
        """A token that opens this one server for an hour: what a server learns from it opens no other."""
        path, now = spawner.server_path, utcnow()
        token, until = self._tokens.get(path, ("", now))
        if until - now < timedelta(minutes=5):
            service = orm.Service.find(self._hub.db, SERVICE)
            scopes = [f"access:servers!server={user.name}/{name}"]
            token = service.new_api_token(
                scopes=scopes, expires_in=_TOKEN_SECONDS, note=f"looks at the server at {path}"
            )
            self._tokens = {p: t for p, t in self._tokens.items() if t[1] > now}
            self._tokens[path] = (token, now + timedelta(seconds=_TOKEN_SECONDS))
        return token

    def forget(self, spawner: WorkspaceSpawner) -> None:
        """Ends the token that opens this server."""
        token, _ = self._tokens.pop(spawner.server_path, ("", None))
        if token and (row := orm.APIToken.find(self._hub.db, token)):
            self._hub.db.delete(row)
            self._hub.db.commit()

    def count(self, spawners: Iterable[WorkspaceSpawner]) -> None:
        counts = dict.fromkeys(State, 0)
        for spawner in spawners:
            if known := annotations.read_verdict(spawner.annotations):
                counts[known[0].state] += 1
        for state, count in counts.items():
            VERDICTS.labels(state.value).set(count)
