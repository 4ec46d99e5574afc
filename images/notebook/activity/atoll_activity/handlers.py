"""The one address that the hub asks."""

import asyncio
import json
import os
import secrets
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from .home import Meter
from .processes import MARK, Processes

_SHOWN_JOBS = 20


def extension_settings(home: Path) -> dict[str, Any]:
    """What the handler needs; from here on all that is started carries the mark."""
    os.environ[MARK] = mark = secrets.token_hex(8)
    try:
        size = int(os.environ.get("ATOLL_HOME_SIZE", "0"))
    except ValueError:
        size = 0
    return {"atoll_processes": Processes(mark), "atoll_meter": Meter(home, size), "atoll_lock": asyncio.Lock()}


def handlers(base_url: str) -> list[tuple[str, type[web.RequestHandler]]]:
    return [(url_path_join(base_url, "api/atoll/activity"), ActivityHandler)]


class ActivityHandler(APIHandler):
    """Answers what goes on in the server."""

    # Being asked is not activity.
    _track_activity = False

    @web.authenticated
    async def get(self):
        kernels = self._kernels()
        # Looking at processes and counting files takes its time: one at a time, and beside the server's own work.
        async with self.settings["atoll_lock"]:
            home = await asyncio.to_thread(self.settings["atoll_meter"].measure)
            jobs = await asyncio.to_thread(
                self.settings["atoll_processes"].jobs, set(self._kernel_pids()), set(self._shells())
            )
        # A kernel that runs a cell computes, of course.
        busy = {pid for pid, state in self._kernel_pids().items() if state == "busy"}
        jobs = [job for job in jobs if job.pid not in busy]
        self.finish(
            json.dumps(
                {
                    "version": 1,
                    "lastActivity": self.application.last_activity().isoformat(),
                    "kernels": kernels,
                    "terminals": self._terminals(),
                    "jobs": [vars(job) for job in jobs[:_SHOWN_JOBS]],
                    "home": home,
                }
            )
        )

    def _kernels(self) -> dict[str, int]:
        states = [kernel.get("execution_state") for kernel in self.kernel_manager.list_kernels()]
        return {"total": len(states), "busy": states.count("busy")}

    def _kernel_pids(self) -> dict[int, str]:
        """The process of each kernel, and its state."""
        managers = [self.kernel_manager.get_kernel(k) for k in self.kernel_manager.list_kernel_ids()]
        pids = [(getattr(getattr(m, "provisioner", None), "pid", None), m) for m in managers]
        return {pid: getattr(manager, "execution_state", "") for pid, manager in pids if pid}

    def _open_terminals(self) -> dict[str, Any]:
        return getattr(self.settings.get("terminal_manager"), "terminals", {})

    def _shells(self) -> list[int]:
        return [terminal.ptyproc.pid for terminal in self._open_terminals().values()]

    def _terminals(self) -> list[dict[str, str]]:
        return [
            {"name": name, "lastActivity": terminal.last_activity.isoformat()}
            for name, terminal in self._open_terminals().items()
            if hasattr(terminal, "last_activity")
        ]
