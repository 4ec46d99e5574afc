"""Idle servers are stopped after the time their workspace states.

The hub writes the times of all workspaces to a file whenever they change; the culler, a process of its own with no more
rights than to see and stop servers, reads them there.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from jupyterhub_idle_culler import IdleCuller, cull_idle
from tornado.httpclient import HTTPError
from traitlets import Unicode

from .model import Workspace

# What holds for a server whose workspace is gone: the default of the API.
DEFAULT_SECONDS = 3600


def write(path: Path, workspaces: Mapping[str, Workspace]) -> None:
    """Replaces the file in one step, so that the culler never reads half of it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        json.dump({name: w.idle_after for name, w in workspaces.items()}, file)
    os.replace(file.name, path)


def read(path: Path) -> dict[str, int]:
    return json.loads(path.read_text())


def is_idle(limits: Mapping[str, int], inactive: timedelta, server: Mapping[str, Any]) -> bool:
    """Whether a server has been inactive for as long as its workspace allows. Its name is the workspace's."""
    return inactive.total_seconds() >= limits.get(server["name"], DEFAULT_SECONDS)


class WorkspaceCuller(IdleCuller):
    """The idle culler, asking for each server how long its workspace lets it idle."""

    limits_file = Unicode(help="The file of idle times that the hub keeps.").tag(config=True)

    aliases = IdleCuller.aliases | {"limits-file": "WorkspaceCuller.limits_file"}

    def start(self):
        asyncio.run(self._run())

    async def _run(self) -> None:
        # The base class lets a failed look end in a traceback that holds the culler's token.
        while True:
            try:
                await self._look()
            except (OSError, ValueError, HTTPError) as err:
                self.log.warning("Looking for idle servers failed, next look in %d s: %s", self.cull_every, err)
            await asyncio.sleep(self.cull_every)

    async def _look(self) -> None:
        limits = read(Path(self.limits_file))

        def arbiter(*, inactive, server, **_):
            return is_idle(limits, inactive, server)

        await cull_idle(
            url=self.url,
            api_token=os.environ["JUPYTERHUB_API_TOKEN"],
            inactive_limit=DEFAULT_SECONDS,
            logger=self.log,
            concurrency=self.concurrency,
            cull_arbiter=arbiter,
        )


if __name__ == "__main__":
    WorkspaceCuller.launch_instance()
