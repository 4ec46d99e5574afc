"""What the hub notes on a server's pod, and reads there again."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_MERGE_PATCH = "application/merge-patch+json"
_API_SECONDS = 10
# The watch of pods is listed anew each minute: by then it shows what was written.
_NOTED_SECONDS = 90


class NotesMixin:
    """For a KubeSpawner: the annotations and labels of its pod."""

    # Annotations written a moment ago, each with the time until which they count before what the cluster shows.
    noted: Mapping[str, tuple[str | None, float]] = MappingProxyType({})

    @property
    def annotations(self) -> dict[str, str | None]:
        """The annotations of this server's pod; what was written a moment ago counts before the cluster shows it."""
        now = time.monotonic()
        noted = {name: value for name, (value, until) in self.noted.items() if until > now}
        return {**(self._pod_metadata.get("annotations") or {}), **noted}

    @property
    def pod_labels(self) -> dict[str, str]:
        return self._pod_metadata.get("labels") or {}

    @property
    def _pod_metadata(self) -> dict[str, Any]:
        reflector = self.pod_reflector
        return reflector.pods.get(f"{self.namespace}/{self.pod_name}", {}).get("metadata", {}) if reflector else {}

    async def annotate(self, changes: Mapping[str, str | None]) -> None:
        """Writes annotations on this server's pod; None takes one off."""
        await self.api.patch_namespaced_pod(
            self.pod_name,
            self.namespace,
            {"metadata": {"annotations": dict(changes)}},
            _content_type=_MERGE_PATCH,
            _request_timeout=_API_SECONDS,
        )
        until = time.monotonic() + _NOTED_SECONDS
        self.noted = {**self.noted, **{name: (value, until) for name, value in changes.items()}}
