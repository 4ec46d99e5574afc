"""Looks after running servers: ends those whose person lost the right to one, and those in which nothing happens."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jupyterhub.user import User
from kubernetes_asyncio.client import ApiException
from prometheus_client import Counter, Gauge

from . import culler, ending, groups, rights
from .clock import utcnow
from .spawner import WorkspaceSpawner, person_of

if TYPE_CHECKING:
    from .app import Hub

STOPPED = Counter("atoll_hub_servers_stopped_total", "Servers that the hub stopped, by the reason", ["why"])
LOOKED = Gauge("atoll_hub_last_look_timestamp_seconds", "When the hub last looked at all running servers")

# Changes of many workspaces at once are one reason to look, not many.
_SETTLE_SECONDS = 0.1
_PENDING_SECONDS = 1.0
_AT_ONCE = 32


@dataclass(frozen=True)
class Times:
    """How often servers are looked at, and how long what cannot be learnt is believed."""

    every: float
    unknown_after: timedelta
    trust_groups_for: timedelta
    refresh_groups_after: float


class Keeper:
    """Three loops, so that nothing slow delays the end of rights: over rights, over groups, over what goes on."""

    def __init__(self, hub: "Hub", times: Times, culling: bool = True):
        self._hub = hub
        self.times = times
        self.culler = culler.Culler(hub, times.unknown_after, culling)
        self._changed = asyncio.Event()
        self._belonging = rights.Belonging()
        self._tasks: list[asyncio.Task] = []
        self._ends: dict[tuple[str, str], asyncio.Task] = {}

    def start(self) -> None:
        loops = (self._keep_rights(), self._keep_groups(), self._keep_looking())
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    def wake(self) -> None:
        """Somebody's rights may have changed."""
        self._changed.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._ends.values(), return_exceptions=True)
        self.culler.close()

    def servers(self) -> Iterator[tuple[User, str, WorkspaceSpawner]]:
        """Every server that runs, starts or stops."""
        for user in list(self._hub.users.values()):
            for name, spawner in list(user.spawners.items()):
                if name and spawner.active:
                    yield user, name, spawner

    async def _keep_rights(self) -> None:
        everybody = True
        while True:
            self._changed.clear()
            pending = False
            try:
                pending = self.enforce(everybody)
            except Exception:
                # Whatever it was, the next look must come: rights end by this loop alone.
                self._hub.log.exception("Looking at people's rights failed")
                self._hub.db.rollback()
            everybody = not await self._woken_within(_PENDING_SECONDS if pending else self.times.every)

    async def _woken_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(_SETTLE_SECONDS)
        return True

    def enforce(self, everybody: bool) -> bool:
        """Ends what people no longer have a right to: tokens at once, servers as fast as they stop.

        Tokens of people without a server are looked at for everybody, or else only when somebody fell out of a
        workspace: most changes take nothing from anyone. Somebody added and removed between two looks fell out too,
        and only their server tells. True where a server is still starting, and has to be looked at again.
        """
        pending = fell = False
        for user, name, spawner in self.servers():
            why = self._lost(user, name, spawner)
            if not why or (user.name, name) in self._ends or spawner.pending == "stop":
                continue
            fell = True
            spawner.revoke_tokens()
            self.culler.forget(spawner)
            if spawner.pending:
                pending = True
                continue
            self._end(user, name, ending.RIGHTS, f"{why} Your server was stopped; your files there are kept.")
        before, self._belonging = self._belonging, rights.Belonging.of(self._hub.view)
        if everybody or fell or not self._belonging.includes(before):
            for name in rights.revoke_strangers(self._hub.db, self._hub.view, self._belonging):
                self._hub.log.info("%s belongs to no workspace: their tokens are revoked", name)
        return pending

    def _lost(self, user: User, name: str, spawner: WorkspaceSpawner) -> str:
        view, person = self._hub.view, person_of(user)
        if why := rights.lost(view, person, name):
            return why
        if not rights.rests_on_groups(view.workspaces.get(name), person):
            return ""
        return rights.unconfirmed(spawner.confirmed_at, self.times.trust_groups_for, utcnow())

    async def _keep_groups(self) -> None:
        while True:
            try:
                if await self._refresh_groups():
                    self.wake()
            except Exception:
                self._hub.log.exception("Reading people's groups anew failed")
                self._hub.db.rollback()
            await asyncio.sleep(self.times.every)

    async def _refresh_groups(self) -> bool:
        """Asks the identity provider for the groups of those who have a server and are in one; whether it was asked.

        Their server may rest on it, and so may the data that is granted to them.
        """
        due: dict[str, tuple[User, list[WorkspaceSpawner]]] = {}
        for user, _, spawner in self.servers():
            if person_of(user).groups:
                due.setdefault(user.name, (user, []))[1].append(spawner)
        stale = [(u, s) for u, s in due.values() if groups.age(u) >= self.times.refresh_groups_after]
        for user, spawners in due.values():
            if groups.age(user) < self.times.refresh_groups_after:
                self._confirm(user, spawners)
        await _limited(*(self._refresh(user, spawners) for user, spawners in stale))
        return bool(stale)

    async def _refresh(self, user: User, spawners: list[WorkspaceSpawner]) -> None:
        try:
            if await groups.refresh(user):
                self._confirm(user, spawners)
            else:
                self._hub.log.info("The identity provider confirms %s no longer without a new sign-in", user.name)
        except Exception as err:
            # The provider's client raises what it likes; what it says may hold tokens, so its kind is all that is kept.
            self._hub.log.warning("Asking the identity provider for %s's groups failed: %s", user.name, type(err))
            self._hub.db.rollback()

    def _confirm(self, user: User, spawners: list[WorkspaceSpawner]) -> None:
        now = utcnow()
        confirmed = now - timedelta(seconds=groups.age(user))
        for spawner in spawners:
            spawner.confirmed_at = confirmed
            # Kept for a hub that starts anew.
            spawner.orm_spawner.state = spawner.get_state()
        self._hub.db.commit()

    async def _keep_looking(self) -> None:
        while True:
            await self.look()
            LOOKED.set_to_current_time()
            await asyncio.sleep(self.times.every)

    async def look(self) -> None:
        """Looks at every server that runs, and stops those whose time is up."""
        await _limited(*(self._look_at(*server) for server in self.servers()))
        self.culler.count(spawner for _, _, spawner in self.servers())

    async def judge(self, user: User, name: str, spawner: WorkspaceSpawner) -> None:
        """Writes down what becomes of one server by now, and stops nothing."""
        try:
            await self.culler.look(user, name, spawner)
        except (ApiException, OSError, TimeoutError) as err:
            self._hub.log.warning("Looking at the server of %s in %s failed: %r", user.name, name, err)

    async def _look_at(self, user: User, name: str, spawner: WorkspaceSpawner) -> None:
        if not spawner.ready:
            return
        try:
            reason = await self.culler.look(user, name, spawner)
        except (ApiException, OSError, TimeoutError) as err:
            self._hub.log.warning("Looking at the server of %s in %s failed: %r", user.name, name, err)
            return
        except Exception:
            # One server's trouble is not the others'.
            self._hub.log.exception("Looking at the server of %s in %s failed", user.name, name)
            self._hub.db.rollback()
            return
        if reason and spawner.ready and (user.name, name) not in self._ends:
            self._end(user, name, ending.IDLE, reason)

    def _end(self, user: User, name: str, why: str, reason: str) -> None:
        key = (user.name, name)

        async def run() -> None:
            try:
                if await ending.end(self._hub, user, name, why, reason):
                    STOPPED.labels(why).inc()
            except Exception:
                self._hub.log.exception("Stopping the server of %s in %s failed; it is tried again", *key)
                self._hub.db.rollback()
            finally:
                self._ends.pop(key, None)

        self._ends[key] = asyncio.create_task(run())


async def _limited(*work: Coroutine[Any, Any, None]) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(task: Coroutine[Any, Any, None]) -> None:
        async with gate:
            await task

    await asyncio.gather(*map(one, work))
