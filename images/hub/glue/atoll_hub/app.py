"""The hub: JupyterHub with the live view of workspaces and profiles in it."""

from pathlib import Path

from jupyterhub.app import JupyterHub
from kubespawner.clients import load_config
from traitlets import Unicode

from . import culling
from .handlers import REPLACEMENTS
from .model import Workspace
from .view import LiveView, View


class Hub(JupyterHub):
    """JupyterHub that opens its port only once it knows every workspace and profile."""

    idle_limits_file = Unicode("/tmp/idle-limits.json", help="Where the culler reads idle times.").tag(  # noqa: S108
        config=True
    )

    view: View

    def make_view(self) -> View:
        load_config()
        return LiveView(self.log, self._write_limits)

    def _write_limits(self, workspaces: dict[str, Workspace]) -> None:
        culling.write(Path(self.idle_limits_file), workspaces)

    def init_tornado_settings(self):
        super().init_tornado_settings()
        self.view = self.make_view()
        self.tornado_settings["atoll_view"] = self.view

    def init_handlers(self):
        super().init_handlers()
        self.handlers = [(h[0], REPLACEMENTS.get(h[1], h[1]), *h[2:]) for h in self.handlers]

    async def init_spawners(self):
        # Names of a server's objects derive from the workspace, so the view comes before the first spawner.
        self.log.info("Waiting for the workspaces and profiles of the cluster")
        await self.view.start()
        self.log.info("Serving %d workspaces and %d profiles", len(self.view.workspaces), len(self.view.profiles))
        return await super().init_spawners()

    async def cleanup(self):
        await self.view.stop()
        await super().cleanup()


if __name__ == "__main__":
    Hub.launch_instance()
