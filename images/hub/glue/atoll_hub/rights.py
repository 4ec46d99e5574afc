"""Rights end when membership ends: the server is stopped, its tokens are revoked, and nothing is deleted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jupyterhub import orm
from sqlalchemy.orm import Session

from . import access
from .culling import clock, spell
from .model import Person, Workspace
from .view import View


def lost(view: View, person: Person, name: str) -> str:
    """Why a person may no longer have a server in the workspace of that name; empty where they may.

    A workspace that cannot be read at the moment takes no rights away: it is an error of the platform.
    """
    if name in view.unreadable:
        return ""
    workspace = view.workspaces.get(name)
    if workspace is None:
        return f"The workspace {name} was deleted."
    if workspace.deleting:
        return f"The workspace {workspace.display_name} is being deleted."
    role = workspace.role(person)
    if role is None:
        return (
            f"You are no longer a member of the workspace {workspace.display_name}, neither by name nor by a group. "
            f"Its owner, {workspace.owner}, can add you again."
        )
    if not role.may_start:
        return access.viewer_note(workspace)
    return ""


def rests_on_groups(workspace: Workspace | None, person: Person) -> bool:
    """Whether a person may have a server here by a group alone, which only the identity provider can confirm."""
    if workspace is None:
        return False
    by_name = workspace.role(Person(person.name))
    role = workspace.role(person)
    return bool(role and role.may_start and not (by_name and by_name.may_start))


def unconfirmed(confirmed_at: datetime | None, trusted_for: timedelta, now: datetime) -> str:
    """Why groups are no longer believed: nobody confirmed them for too long. Empty while they are."""
    if confirmed_at is None or now - confirmed_at < trusted_for:
        return ""
    return (
        f"Your groups were last confirmed by the sign-in service on {clock(confirmed_at)}, and they are believed for "
        f"{spell(trusted_for)}. Sign in again, and you can start it anew."
    )


@dataclass(frozen=True)
class Belonging:
    """Everyone who belongs to some workspace, by name and by group, so that one look at the view serves all people."""

    names: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @classmethod
    def of(cls, view: View) -> "Belonging":
        everyone = view.workspaces.values()
        names = {w.owner.lower() for w in everyone}
        names |= {m.name.lower() for w in everyone for m in w.members if m.kind == "User"}
        return cls(frozenset(names), frozenset(m.name for w in everyone for m in w.members if m.kind == "Group"))

    def includes(self, other: "Belonging") -> bool:
        return self.names >= other.names and self.groups >= other.groups

    def nowhere(self, person: Person) -> bool:
        return person.name.lower() not in self.names and not (person.groups & self.groups)


def revoke_strangers(db: Session, view: View, belonging: Belonging) -> list[str]:
    """Ends every token of people who belong to no workspace any more, and names them.

    They may still sign in, and see that. Administrators of the hub need no workspace.
    """
    if view.unreadable:
        return []
    revoked = []
    holders = db.query(orm.User.id, orm.User.name).filter(orm.User.admin.is_(False), orm.User.api_tokens.any())
    # Most people are listed by name: the few others are worth a look at their groups.
    for identity in [number for number, name in holders if name.lower() not in belonging.names]:
        user = db.get(orm.User, identity)
        if belonging.nowhere(Person(user.name, frozenset(g.name for g in user.groups))):
            for token in list(user.api_tokens):
                db.delete(token)
            revoked.append(user.name)
    db.commit()
    return revoked
