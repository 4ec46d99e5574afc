"""Reads a person's groups anew from the identity provider, without the person at hand."""

import time

from jupyterhub.user import User


async def refresh(user: User) -> bool:
    """Whether the provider confirmed who the person is; their groups are then what it says.

    JupyterHub does the same at a person's own requests. Who works in a long-running server makes none.
    """
    found = await user.authenticator.refresh_user(user)
    if not found:
        return False
    if found is not True:
        if found.get("groups") is not None:
            user.sync_groups(found["groups"])
        if found.get("admin") is not None:
            user.admin = found["admin"]
        if "auth_state" in found:
            await user.save_auth_state(found["auth_state"])
        user.db.commit()
    user._auth_refreshed = time.monotonic()
    return True


def age(user: User) -> float:
    """Seconds since the groups were last confirmed in this process."""
    return time.monotonic() - user._auth_refreshed if user._auth_refreshed else float("inf")
