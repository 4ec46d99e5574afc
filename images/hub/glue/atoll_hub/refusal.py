"""Refusals that a person reads: why a server does not start, and what to do next."""

import json
import re

from tornado import web

_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^,]+), requested: (?P<requested>.+), used: (?P<used>.+), limited: (?P<limited>.+)"
)
_MAXIMUM = re.compile(
    r"maximum (?P<what>\w+) usage per \w+ is (?P<max>[^,]+), but (?:limit|request) is (?P<asked>[^,\]]+)"
)
_WHAT = {
    "pods": "servers",
    "requests.nvidia.com/gpu": "GPUs",
    "limits.cpu": "CPU (limits, in cores)",
    "requests.cpu": "CPU (guarantees, in cores)",
    "limits.memory": "memory (limits)",
    "requests.memory": "memory (guarantees)",
    "requests.storage": "storage",
    "persistentvolumeclaims": "volumes",
}


# What the hub can say who uses, by the name that Kubernetes gives it in a quota.
_COUNTED = {
    "limits.cpu": "cpu",
    "limits.memory": "memory",
    "requests.nvidia.com/gpu": "gpus",
    "requests.storage": "storage",
    "pods": "servers",
}


class Refused(web.HTTPError):
    """A request that is refused for a reason the person is told, in a page as well as in the API.

    resources are those of a quota that were short: fields of model.Amounts.
    """

    def __init__(self, status: int, sentence: str, resources: tuple[str, ...] = ()):
        super().__init__(status, sentence)
        self.jupyterhub_message = sentence
        self.resources = resources

    def add(self, *sentences: str) -> "Refused":
        """The same refusal with more to say."""
        return Refused(self.status_code, " ".join([self.jupyterhub_message, *(f"{s}." for s in sentences)]))


def from_api(status: int, body: str | bytes | None, workspace: str) -> Refused:
    """Turns a refusal of the Kubernetes API into a sentence.

    Only what a person can act on becomes a 403; everything else stays an error of the platform, told as such.
    """
    message = _message(body)
    if status == 403 and (sentences := _quota(message)):
        resources = tuple(_COUNTED[r] for r in sentences if r in _COUNTED)
        return Refused(
            403,
            f"The quota of workspace {workspace} is used up: {'; '.join(sentences.values())}. "
            "Stop a server you do not need, choose a smaller size, or ask the workspace's owner for a larger quota.",
            resources,
        )
    if status == 403 and (limit := _MAXIMUM.search(message)):
        return Refused(
            403,
            f"This size is larger than workspace {workspace} allows: it needs {limit['asked'].strip()} of "
            f"{limit['what']}, and at most {limit['max'].strip()} may be used by one server. Choose a smaller size.",
        )
    if status == 404:
        return Refused(503, f"Workspace {workspace} is still being prepared ({message}). Try again in a moment.")
    return Refused(
        503,
        f"Kubernetes did not start the server in workspace {workspace}: {message} (status {status}). "
        "Tell the platform team.",
    )


def _message(body: str | bytes | None) -> str:
    """The message of a Kubernetes Status, or the body itself where it is none."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body or ""
    try:
        return json.loads(text).get("message", text)
    except (ValueError, AttributeError):
        return text or "no reason was given"


def _quota(message: str) -> dict[str, str]:
    match = _QUOTA.search(message)
    if match is None:
        return {}
    requested, used, limited = (_amounts(match[part]) for part in ("requested", "used", "limited"))
    return {
        resource: f"{_WHAT.get(resource, resource)}: {used.get(resource, '0')} of {limit} in use, and this needs "
        f"{requested.get(resource, 'more')} more"
        for resource, limit in limited.items()
    }


def _amounts(text: str) -> dict[str, str]:
    return dict(pair.strip().split("=", 1) for pair in text.split(",") if "=" in pair)
