"""What a running server was started with, and whether its profile has a newer one by now. Pure."""

import hashlib
import json
from collections.abc import Mapping

from .annotations import ENVIRONMENT, PROFILE_GENERATION
from .model import Profile, Workspace


def digest(profile: Profile) -> str:
    """Stands for all of a profile that a running server keeps: its image, packages and variables, not its names."""
    parts = [profile.image, list(profile.packages), sorted(profile.env.items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def annotations(profile: Profile) -> dict[str, str]:
    return {ENVIRONMENT: digest(profile), PROFILE_GENERATION: str(profile.generation)}


def news(found: Mapping[str, str | None], name: str, workspace: Workspace, profiles: Mapping[str, Profile]) -> str:
    """What a person with a running server should know of its profile; empty where a restart would change nothing."""
    profile = profiles.get(name)
    stays = "Your server keeps its environment until you stop it."
    if profile is None:
        return f"The profile {name} no longer exists. {stays} At the next start you choose another."
    if name not in workspace.profiles:
        return (
            f"This workspace no longer offers the profile {profile.display_name}. {stays} "
            "At the next start you choose another."
        )
    running = found.get(ENVIRONMENT)
    if not running or running == digest(profile):
        return ""
    return (
        f"A newer version of the profile {profile.display_name} is there ({profile.image}). {stays} "
        "Stop it and start it again to get the newer one."
    )
