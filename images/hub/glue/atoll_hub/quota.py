"""Who uses what of a workspace's quota, how much is left, and whether a start fits. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from . import person, quantity
from .annotations import PERSON
from .model import Amounts, Size, Workspace
from .refusal import Refused

RUNS = "runs and backups"
_NAMES = {"cpu": "CPU", "memory": "memory", "gpus": "GPUs", "storage": "storage", "servers": "servers"}
_SHOWN_PEOPLE = 5
_GPU = "nvidia.com/gpu"


@dataclass(frozen=True)
class Usage:
    """What is in use by whom, and who has a home already (by the home's name)."""

    people: Mapping[str, Amounts]
    homes: frozenset[str]

    @property
    def total(self) -> Amounts:
        return _sum(self.people.values())


@dataclass(frozen=True)
class Short:
    """Something that a start needs more of than is left."""

    name: str
    needs: Decimal
    left: Decimal
    quota: Decimal


def usage(pods: Iterable[Mapping[str, Any]], claims: Iterable[Mapping[str, Any]], besides: str = "") -> Usage:
    """Counts as Kubernetes counts against the quota; the pod named besides is about to be replaced and left out."""
    people: dict[str, Amounts] = {}

    def add(obj: Mapping[str, Any], amounts: Amounts) -> None:
        who = (obj["metadata"].get("annotations") or {}).get(PERSON) or RUNS
        people[who] = _sum([people.get(who, Amounts()), amounts])

    homes = set()
    for pod in pods:
        if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed") and pod["metadata"]["name"] != besides:
            add(pod, _pod(pod))
    for claim in claims:
        homes.add(claim["metadata"]["name"])
        requests = claim["spec"].get("resources", {}).get("requests", {})
        add(claim, Amounts(storage=quantity.parse(requests.get("storage", 0))))
    return Usage(people, frozenset(homes))


def needs(size: Size, workspace: Workspace, spelling: str, used: Usage) -> Amounts:
    """What a start of this size takes of the quota; a home counts only where the person has none yet."""
    new_home = person.home(spelling) not in used.homes
    return Amounts(
        cpu=quantity.parse(size.cpu_limit),
        memory=quantity.parse(size.memory_limit),
        gpus=Decimal(size.gpu_count if size.gpu_resource == _GPU else 0),
        storage=quantity.parse(workspace.home_size) if new_home else Decimal(0),
        servers=Decimal(1),
    )


def shortfalls(workspace: Workspace, used: Usage, wanted: Amounts) -> list[Short]:
    total = used.total
    found = []
    for name in _NAMES:
        need, have, quota = getattr(wanted, name), getattr(total, name), getattr(workspace.quota, name)
        if need and have + need > quota:
            found.append(Short(name, need, max(quota - have, Decimal(0)), quota))
    return found


def reason(short: Short) -> str:
    """Why a size does not fit, beside the size: "needs 2 CPU, 0.5 of 4 are left"."""
    needed, free, quota = (amount(short.name, n) for n in (short.needs, short.left, short.quota))
    name = _NAMES[short.name]
    if short.needs == 1 and name.endswith("s"):
        name = name[:-1]
    return f"needs {needed} {name}, and {free} of {quota} are left"


def left(workspace: Workspace, used: Usage) -> str:
    """What is left, in one line: "3 of 4 CPU, 6 GiB of 8 GiB memory, ..."."""
    total = used.total
    parts = []
    for name, title in _NAMES.items():
        quota = getattr(workspace.quota, name)
        if quota:
            free = max(quota - getattr(total, name), Decimal(0))
            parts.append(f"{amount(name, free)} of {amount(name, quota)} {title}")
    return ", ".join(parts)


def check(workspace: Workspace, used: Usage, size: Size, spelling: str, sizes: Iterable[Size] = ()) -> None:
    """Refuses a start that the quota has no room for: who uses what, how much is left, and what to do."""
    short = shortfalls(workspace, used, needs(size, workspace, spelling, used))
    if short:
        fitting = [
            s.display_name
            for s in sizes
            if s != size and not shortfalls(workspace, used, needs(s, workspace, spelling, used))
        ]
        raise Refused(403, sentence(workspace, used, short, size, fitting))


def sentence(workspace: Workspace, used: Usage, short: list[Short], size: Size, fitting: list[str]) -> str:
    parts = [f"{reason(s)} ({who(used, s.name)})" for s in short]
    smaller = f"choose a smaller size ({', '.join(fitting)})" if fitting else ""
    # A full number of servers, or of storage, is not helped by a smaller one.
    stop = "stop a server you do not need" if any(s.name != "storage" for s in short) else ""
    remedies = [r for r in (smaller, stop) if r]
    remedies.append(f"ask the owner, {workspace.owner}, for a larger quota ({', '.join(_field(s) for s in short)})")
    return (
        f"The quota of workspace {workspace.display_name} has no room for size {size.display_name}: it "
        f"{'; it '.join(parts)}. What to do: {', or '.join(remedies)}."
    )


def who(used: Usage, name: str) -> str:
    """Who uses it, the most first: "ada uses 2, bob 1"."""
    users = sorted(
        ((getattr(a, name), p) for p, a in used.people.items() if getattr(a, name)), key=lambda u: (-u[0], u[1])
    )
    if not users:
        return "nobody uses any"
    shown = [f"{p} {amount(name, n)}" for n, p in users[:_SHOWN_PEOPLE]]
    if others := users[_SHOWN_PEOPLE:]:
        shown.append(f"{len(others)} others {amount(name, sum((n for n, _ in others), Decimal(0)))}")
    return "in use: " + ", ".join(shown)


def amount(name: str, value: Decimal) -> str:
    return quantity.memory(value) if name in ("memory", "storage") else quantity.cores(value)


def _field(short: Short) -> str:
    return f"quota.{short.name}"


def _pod(pod: Mapping[str, Any]) -> Amounts:
    spec = pod["spec"]
    limits = [_limits(c) for c in spec.get("containers", [])]
    first = [_limits(c) for c in spec.get("initContainers") or []]
    labels = pod["metadata"].get("labels") or {}
    server = labels.get("atoll.dev/component") == "notebook"
    total = _sum(limits)
    return Amounts(
        cpu=max([total.cpu, *(i.cpu for i in first)]),
        memory=max([total.memory, *(i.memory for i in first)]),
        gpus=max([total.gpus, *(i.gpus for i in first)]),
        servers=Decimal(1 if server else 0),
    )


def _limits(container: Mapping[str, Any]) -> Amounts:
    limits = (container.get("resources") or {}).get("limits") or {}
    return Amounts(
        cpu=quantity.parse(limits.get("cpu", 0)),
        memory=quantity.parse(limits.get("memory", 0)),
        gpus=quantity.parse(limits.get(_GPU, 0)),
    )


def _sum(all_: Iterable[Amounts]) -> Amounts:
    listed = list(all_)
    return Amounts(**{f.name: sum((getattr(a, f.name) for a in listed), Decimal(0)) for f in fields(Amounts)})
