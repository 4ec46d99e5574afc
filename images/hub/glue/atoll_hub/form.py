"""The page on which a person picks a profile and a size: its form, and what a posted one says."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader

from . import access, quantity
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


def options_form(spawner: "WorkspaceSpawner") -> str:
    """The profiles and sizes of the workspace the server is for, the last choice selected where it still stands.

    The unnamed server belongs to no workspace and has no form.
    """
    if not spawner.name:
        return ""
    view = spawner.view
    workspace = access.enter(view.workspaces, spawner.person, spawner.name)
    profiles = access.offered(workspace, view.profiles)
    remembered = spawner.user_options or spawner.orm_spawner.user_options or {}
    try:
        selected = access.choose(view.workspaces, view.profiles, spawner.person, spawner.name, remembered)
    except Refused:
        selected = None
    return (
        _environment()
        .get_template("server_options.html")
        .render(workspace=workspace, profiles=profiles, selected=selected)
    )


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
