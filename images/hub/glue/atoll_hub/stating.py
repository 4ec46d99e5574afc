"""States which groups people are in, as the identity provider says: grants to groups reach people by it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jupyterhub.user import User
from kubernetes_asyncio import client
from prometheus_client import Counter

from . import groups, model
from .clock import utcnow
from .person import slug

FAILED = Counter("atoll_hub_group_statements_failed_total", "Statements of people's groups that were not taken")

# A person's own request reads their groups in several steps, so they are looked at again for a while after it.
_SETTLE_SECONDS = 30.0
_APPLY = "application/apply-patch+yaml"
_API_SECONDS = 10


@dataclass(frozen=True)
class Statement:
    """The groups of a person, and when the identity provider confirmed them."""

    name: str
    groups: frozenset[str]
    confirmed_at: datetime

    def manifest(self) -> dict[str, Any]:
        return {
            "apiVersion": f"{model.GROUP}/{model.VERSION}",
            "kind": "GroupMembership",
            "metadata": {"name": slug(self.name)},
            "spec": {
                "userName": self.name,
                "groups": sorted(self.groups),
                "confirmedAt": self.confirmed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        }


class Stating:
    """Follows what the hub learns of people's groups: states what is new, and what would soon be too old to count."""

    def __init__(
        self,
        log: logging.Logger,
        users: Callable[[], Iterable[User]],
        state: Callable[[Statement], Awaitable[None]],
        trust_for: timedelta,
    ):
        self._log = log
        self._users = users
        self._state = state
        self._anew = trust_for / 24
        self._looked: dict[str, float] = {}
        self._stated: dict[str, Statement] = {}

    def due(self) -> Iterator[Statement]:
        """What is to be stated now. People who made no request since the hub started are not among them."""
        for user in list(self._users()):
            refreshed = user._auth_refreshed
            if not refreshed or (
                self._looked.get(user.name) == refreshed and time.monotonic() - refreshed > _SETTLE_SECONDS
            ):
                continue
            self._looked[user.name] = refreshed
            now = Statement(
                user.name,
                frozenset(group.name for group in user.groups),
                utcnow() - timedelta(seconds=groups.age(user)),
            )
            before = self._stated.get(user.name)
            if before and before.groups == now.groups and now.confirmed_at - before.confirmed_at < self._anew:
                continue
            yield now

    async def look(self) -> None:
        """States what is due. What is not taken is stated again at the next look."""
        for statement in list(self.due()):
            try:
                await self._state(statement)
            except (client.ApiException, OSError, TimeoutError) as err:
                FAILED.inc()
                self._looked.pop(statement.name, None)
                why = err.reason if isinstance(err, client.ApiException) else repr(err)
                self._log.warning("Stating the groups of %s failed: %s", statement.name, why)
                continue
            self._stated[statement.name] = statement

    async def run(self, every: float) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                # Whatever it was, the next look must come: rights by groups end by this loop.
                self._log.exception("Stating people's groups failed")
            await asyncio.sleep(every)


async def apply(statement: Statement) -> None:
    """Writes a statement into the cluster that the clients are configured for."""
    async with client.ApiClient() as api:
        await client.CustomObjectsApi(api).patch_cluster_custom_object(
            model.GROUP,
            model.VERSION,
            "groupmemberships",
            slug(statement.name),
            statement.manifest(),
            field_manager="atoll-hub",
            force=True,
            _content_type=_APPLY,
            _request_timeout=_API_SECONDS,
        )
