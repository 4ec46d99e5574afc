"""The page on which a person picks a profile and a size: its form, and what a posted one says."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader

from . import access, quantity, quota
from .model import Profile, Workspace
from .refusal import Refused

if TYPE_CHECKING:
    from .spawner import WorkspaceSpawner

# Each profile's sizes are a group of radio buttons of their own: size:<profile>.
_SIZE_OF = "size:"


@cache
def _environment() -> Environment:
    env = Environment(loader=PackageLoader("atoll_hub"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    env.filters |= {"cores": quantity.cores, "memory": quantity.memory}
    return env


async def options_form(spawner: "WorkspaceSpawner") -> str:
    """The profiles and sizes of the workspace the server is for, the last choice selected where it still stands.

    Sizes for which the quota has no room are shown with the reason and cannot be chosen. The unnamed server belongs
    to no workspace and has no form.
    """
    if not spawner.name:
        return ""
    view = spawner.view
    workspace = access.enter(view.workspaces, spawner.person, spawner.name)
    profiles = access.offered(workspace, view.profiles)
    remembered = spawner.user_options or spawner.orm_spawner.user_options or {}
    used = await spawner.usage()
    short = _short(workspace, profiles, used, spawner.spelling) if used else {}
    try:
        selected = access.choose(view.workspaces, view.profiles, spawner.person, spawner.name, remembered)
    except Refused:
        selected = None
    return (
        _environment()
        .get_template("server_options.html")
        .render(
            workspace=workspace,
            profiles=profiles,
            selected=selected,
            short=short,
            full={p.name: [size for profile, size in short if profile == p.name] for p in profiles},
            left=quota.left(workspace, used) if used else "",
        )
    )


def _short(
    workspace: Workspace, profiles: list[Profile], used: quota.Usage, spelling: str
) -> dict[tuple[str, str], str]:
    """Why sizes do not fit, by profile and size; those that do are left out."""
    reasons = {}
    for profile in profiles:
        for size in profile.sizes:
            short = quota.shortfalls(workspace, used, quota.needs(size, workspace, spelling, used))
            if short:
                said = "; ".join(f"{quota.reason(s)} ({quota.who(used, s.name)})" for s in short)
                reasons[profile.name, size.name] = f"No room: it {said}."
    return reasons


def options_from_form(form: Mapping[str, list[str]]) -> dict[str, Any]:
    """The options that a posted form states. It says nothing about whether they are allowed."""
    fields = {key: values for key, values in form.items() if key != "_xsrf"}
    options: dict[str, Any] = {}
    for key, values in fields.items():
        if len(values) != 1:
            raise Refused(400, f"The form states {key!r} {len(values)} times: state it once.")
        if not key.startswith(_SIZE_OF):
            options[key] = values[0]
    size = fields.get(_SIZE_OF + options.get("profile", ""))
    if size and "size" not in options:
        options["size"] = size[0]
    return options
