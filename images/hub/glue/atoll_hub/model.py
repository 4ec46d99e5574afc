"""Workspaces and profiles as the hub needs them: read-only views of the custom resources of api/v1alpha1."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import durationpy

from . import quantity

GROUP = "atoll.dev"
VERSION = "v1alpha1"


class Role(Enum):
    """What a member may do, from the most to the least."""

    OWNER = "Owner"
    MEMBER = "Member"
    VIEWER = "Viewer"

    @property
    def may_start(self) -> bool:
        return self is not Role.VIEWER


_RANK = {Role.OWNER: 0, Role.MEMBER: 1, Role.VIEWER: 2}


@dataclass(frozen=True)
class Member:
    kind: str
    name: str
    role: Role


@dataclass(frozen=True)
class Person:
    """Someone who signed in: the hub's user name and the identity provider's groups."""

    name: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Amounts:
    """Compute, storage and servers: what a quota grants, what is in use, or what a start needs."""

    cpu: Decimal = Decimal(0)
    memory: Decimal = Decimal(0)
    gpus: Decimal = Decimal(0)
    storage: Decimal = Decimal(0)
    servers: Decimal = Decimal(0)


@dataclass(frozen=True)
class Workspace:
    name: str
    display_name: str
    owner: str
    members: tuple[Member, ...]
    profiles: tuple[str, ...]
    quota: Amounts
    home_size: str
    home_class: str
    idle_after: timedelta
    max_hold: timedelta
    namespace: str
    deleting: bool = False

    def role(self, person: Person) -> Role | None:
        """The highest role the person has, by name or by group; None for a stranger.

        The hub folds user names to lower case, so they are compared that way. Groups are compared as they stand.
        """
        roles = [m.role for m in self.members if _matches(m, person)]
        if self.owner.lower() == person.name.lower():
            roles.append(Role.OWNER)
        return min(roles, key=_RANK.__getitem__, default=None)

    def spelling(self, person: Person) -> str:
        """The person's user name as the workspace spells it: names of their objects derive from it."""
        listed = [self.owner, *(m.name for m in self.members if m.kind == "User")]
        return next((name for name in listed if name.lower() == person.name.lower()), person.name)


@dataclass(frozen=True)
class Size:
    name: str
    display_name: str
    cpu_guarantee: str
    cpu_limit: str
    memory_guarantee: str
    memory_limit: str
    gpu_resource: str = ""
    gpu_count: int = 0
    default: bool = False


@dataclass(frozen=True)
class Profile:
    name: str
    display_name: str
    description: str
    image: str
    sizes: tuple[Size, ...]
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, str], ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    generation: int = 0

    @property
    def default_size(self) -> Size:
        return next((s for s in self.sizes if s.default), self.sizes[0])

    def size(self, name: str) -> Size | None:
        return next((s for s in self.sizes if s.name == name), None)


def workspace(obj: Mapping[str, Any]) -> Workspace:
    """Reads a Workspace object as the API server returns it."""
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status", {})
    home, culling = spec.get("home", {}), spec.get("culling", {})
    return Workspace(
        name=meta["name"],
        display_name=spec["displayName"],
        owner=spec["owner"],
        members=tuple(
            Member(m.get("kind", "User"), m["name"], Role(m.get("role", "Member"))) for m in spec.get("members", [])
        ),
        profiles=tuple(spec["profiles"]),
        quota=_quota(spec["quota"]),
        home_size=str(home.get("size", "10Gi")),
        home_class=home.get("storageClassName", ""),
        idle_after=durationpy.from_str(culling.get("idleAfter", "1h")),
        max_hold=durationpy.from_str(culling.get("maxHold", "24h")),
        namespace=status.get("namespace", ""),
        deleting="deletionTimestamp" in meta,
    )


def profile(obj: Mapping[str, Any]) -> Profile:
    """Reads a Profile object as the API server returns it."""
    spec = obj["spec"]
    pool = spec.get("nodePool", {})
    return Profile(
        name=obj["metadata"]["name"],
        display_name=spec["displayName"],
        description=spec.get("description", ""),
        image=spec["image"],
        sizes=tuple(_size(s) for s in spec["sizes"]),
        node_selector=dict(pool.get("nodeSelector", {})),
        tolerations=tuple(_toleration(t) for t in pool.get("tolerations", [])),
        env={e["name"]: e["value"] for e in spec.get("env", [])},
        packages=tuple(spec.get("packages", [])),
        generation=obj["metadata"].get("generation", 0),
    )


def _quota(spec: Mapping[str, Any]) -> Amounts:
    return Amounts(
        cpu=quantity.parse(spec["cpu"]),
        memory=quantity.parse(spec["memory"]),
        gpus=Decimal(spec.get("gpus", 0)),
        storage=quantity.parse(spec["storage"]),
        servers=Decimal(spec.get("servers", 10)),
    )


def _matches(member: Member, person: Person) -> bool:
    if member.kind == "Group":
        return member.name in person.groups
    return member.name.lower() == person.name.lower()


def _size(spec: Mapping[str, Any]) -> Size:
    gpu = spec.get("gpu") or {}
    return Size(
        name=spec["name"],
        display_name=spec.get("displayName") or spec["name"],
        cpu_guarantee=str(spec["cpu"]["guarantee"]),
        cpu_limit=str(spec["cpu"]["limit"]),
        memory_guarantee=str(spec["memory"]["guarantee"]),
        memory_limit=str(spec["memory"]["limit"]),
        gpu_resource=gpu.get("resource", "nvidia.com/gpu") if gpu else "",
        gpu_count=gpu.get("count", 0),
        default=spec.get("default", False),
    )


def _toleration(spec: Mapping[str, str]) -> dict[str, str]:
    toleration = {"key": spec["key"], "operator": "Equal" if spec.get("value") else "Exists"}
    toleration |= {k: spec[k] for k in ("value", "effect") if spec.get(k)}
    return toleration
