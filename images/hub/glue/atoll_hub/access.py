"""Who sees what, and what a person may start. Pure: it knows neither JupyterHub nor Kubernetes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .model import Person, Profile, Role, Size, Workspace
from .refusal import Refused

_OPTIONS = ("workspace", "profile", "size")


@dataclass(frozen=True)
class Choice:
    """A server that a person may start."""

    workspace: Workspace
    profile: Profile
    size: Size

    @property
    def options(self) -> dict[str, str]:
        """The choice in the form that JupyterHub keeps as user options."""
        return {"workspace": self.workspace.name, "profile": self.profile.name, "size": self.size.name}


def visible(workspaces: Mapping[str, Workspace], person: Person) -> list[tuple[Workspace, Role]]:
    """The workspaces a person belongs to, in the order of their display names."""
    found = [(w, role) for w in workspaces.values() if (role := w.role(person)) is not None]
    return sorted(found, key=lambda pair: (pair[0].display_name.lower(), pair[0].name))


def offered(workspace: Workspace, profiles: Mapping[str, Profile]) -> list[Profile]:
    """The profiles a workspace allows and that exist, in the order in which the workspace lists them."""
    return [profiles[name] for name in workspace.profiles if name in profiles]


def enter(workspaces: Mapping[str, Workspace], person: Person, name: str) -> Workspace:
    """The workspace of that name, if the person may start a server in it; Refused otherwise.

    A stranger is told the same whether the workspace exists or not.
    """
    if not name:
        raise Refused(400, "A server belongs to a workspace: choose one on the home page, or name it in the address.")
    workspace = workspaces.get(name)
    role = workspace.role(person) if workspace else None
    if workspace is None or role is None:
        raise Refused(
            403,
            f"You are not a member of a workspace {name!r}. "
            "If you should be, ask the owner of the workspace or your platform team to add you or your group.",
        )
    if not role.may_start:
        raise Refused(403, viewer_note(workspace))
    if workspace.deleting:
        raise Refused(403, f"Workspace {workspace.display_name} is being deleted: no server can be started in it.")
    if not workspace.namespace:
        raise Refused(503, f"Workspace {workspace.display_name} is still being prepared. Try again in a moment.")
    return workspace


def viewer_note(workspace: Workspace) -> str:
    return (
        f"You are a viewer of workspace {workspace.display_name}: viewers see it and start no servers. "
        f"Its owner, {workspace.owner}, can make you a member."
    )


def choose(
    workspaces: Mapping[str, Workspace],
    profiles: Mapping[str, Profile],
    person: Person,
    name: str,
    options: Any,
) -> Choice:
    """What the person starts in the workspace of that name, or Refused with the reason.

    Options come from a form or straight from an API body: nothing in them is trusted. Without a profile the first
    offered one is taken, without a size the profile's default.
    """
    workspace = enter(workspaces, person, name)
    wanted = _wanted(options)
    if wanted.get("workspace", name) != name:
        raise Refused(
            400, f"The server is for workspace {name!r}, but the options name workspace {wanted['workspace']!r}."
        )
    allowed = offered(workspace, profiles)
    if not allowed:
        raise Refused(
            403,
            f"Workspace {workspace.display_name} has no profile yet. Its owner, {workspace.owner}, can allow some.",
        )
    profile = allowed[0]
    if "profile" in wanted:
        profile = _named(allowed, wanted["profile"], f"profile of workspace {workspace.display_name}")
    size = profile.default_size
    if "size" in wanted:
        size = _named(profile.sizes, wanted["size"], f"size of profile {profile.display_name}")
    return Choice(workspace, profile, size)


def _wanted(options: Any) -> dict[str, str]:
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise Refused(400, f"Options of a server are an object with the keys {', '.join(_OPTIONS)}, all optional.")
    unknown = sorted(str(key) for key in options if key not in _OPTIONS)
    if unknown:
        raise Refused(400, f"Unknown option {unknown[0]!r}: allowed are {', '.join(_OPTIONS)}.")
    for key, value in options.items():
        if not isinstance(value, str):
            raise Refused(400, f"Option {key!r} must be a string, the name of a {key}.")
    return {key: value for key, value in options.items() if value}


def _named(things, name: str, what: str):
    for thing in things:
        if thing.name == name:
            return thing
    raise Refused(403, f"{name!r} is no {what}: choose one of {', '.join(t.name for t in things)}.")
