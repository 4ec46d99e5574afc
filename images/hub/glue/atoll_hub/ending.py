"""Stops a person's server on the hub's own account, and keeps why for the person to read."""

import asyncio
from typing import TYPE_CHECKING

from jupyterhub.user import User

from . import annotations
from .clock import utcnow

if TYPE_CHECKING:
    from .app import Hub

IDLE, RIGHTS = "idle", "rights"


async def end(hub: "Hub", user: User, name: str, why: str, reason: str) -> bool:
    """Takes the server off the proxy and stops it; False where something else is going on with it already.

    The proxy is first, so that nobody reaches a server that is on its way out.
    """
    spawner = user.spawners[name]
    if spawner.pending:
        return False
    hub.log.info("Stopping the server of %s in %s (%s): %s", user.name, name, why, reason)
    spawner.ended = {"why": why, "reason": reason, "at": annotations.stamp(utcnow())}
    spawner._stop_pending = True
    spawner._stop_future = asyncio.ensure_future(_stop(hub, user, name))
    try:
        await asyncio.shield(spawner._stop_future)
    finally:
        spawner._stop_future, spawner._stop_pending = None, False
    return True


async def _stop(hub: "Hub", user: User, name: str) -> None:
    try:
        await hub.proxy.delete_user(user, name)
    except Exception as err:
        # The proxy is away, or starts anew: it gets its routes from the hub, which has this one no more.
        hub.log.warning("Taking the server of %s in %s off the proxy failed: %r", user.name, name, err)
    await user.stop(name)
