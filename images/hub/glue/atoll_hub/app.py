"""The hub: JupyterHub with the live view of workspaces and profiles in it, and with a keeper of running servers."""

import asyncio
from datetime import timedelta

from jupyterhub.app import JupyterHub
from kubespawner.clients import load_config
from traitlets import Bool, Float

from . import stating
from .handlers import ADDITIONS, REPLACEMENTS
from .keeper import Keeper, Times
from .view import LiveView, View


class Hub(JupyterHub):
    """JupyterHub that opens its port only once it knows every workspace and profile."""

    culling_enabled = Bool(True, help="Whether idle servers are stopped.").tag(config=True)
    look_every = Float(60, help="Seconds between two looks at running servers.").tag(config=True)
    unknown_after = Float(86400, help="Seconds after which a quiet server is stopped that cannot be asked.").tag(
        config=True
    )
    trust_groups_for = Float(86400, help="Seconds for which groups are believed that nobody confirms.").tag(config=True)

    state_every = Float(2, help="Seconds between two looks at what is new of people's groups.").tag(config=True)

    view: View
    keeper: Keeper
    stating: stating.Stating
    _stating: asyncio.Task

    def make_view(self) -> View:
        load_config()
        return LiveView(self.log, self.keeper.wake)

    async def init_blocked_users(self):
        await super().init_blocked_users()
        times = Times(
            every=self.look_every,
            unknown_after=timedelta(seconds=self.unknown_after),
            trust_groups_for=timedelta(seconds=self.trust_groups_for),
            refresh_groups_after=self.authenticator.auth_refresh_age,
        )
        self.keeper = Keeper(self, times, self.culling_enabled)
        self.stating = stating.Stating(self.log, lambda: self.users.values(), self.state, times.trust_groups_for)
        # The last step that is waited for before servers are looked for, whose names derive from their workspace.
        self.view = self.make_view()
        self.log.info("Waiting for the workspaces and profiles of the cluster")
        await self.view.start()
        self.log.info("Serving %d workspaces and %d profiles", len(self.view.workspaces), len(self.view.profiles))

    def init_tornado_settings(self):
        super().init_tornado_settings()
        self.tornado_settings["atoll_view"] = self.view
        self.tornado_settings["atoll_keeper"] = self.keeper

    async def state(self, statement: stating.Statement) -> None:
        await stating.apply(statement)

    def init_handlers(self):
        super().init_handlers()
        replaced = [(h[0], REPLACEMENTS.get(h[1], h[1]), *h[2:]) for h in self.handlers]
        self.handlers = [*self.add_url_prefix(self.hub_prefix, ADDITIONS), *replaced]

    async def start(self):
        await super().start()
        self.keeper.start()
        self._stating = asyncio.create_task(self.stating.run(self.state_every))

    async def cleanup(self):
        self._stating.cancel()
        await self.keeper.stop()
        await self.view.stop()
        await super().cleanup()


if __name__ == "__main__":
    Hub.launch_instance()
