"""The pages and API calls in which the hub speaks of workspaces; they replace JupyterHub's of the same address."""

from dataclasses import dataclass
from typing import Any

from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.handlers.pages import HomeHandler, SpawnHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.user import User
from jupyterhub.utils import url_escape_path, url_path_join
from tornado import web

from . import access
from .model import Role, Workspace
from .refusal import Refused
from .spawner import person_of
from .view import View


@dataclass(frozen=True)
class Card:
    """A workspace on the home page, with the state of the person's server in it."""

    name: str
    title: str
    workspace: Workspace | None
    role: Role | None
    profiles: tuple[str, ...]
    ready: bool
    pending: str
    open_url: str
    start_url: str

    @property
    def note(self) -> str:
        """Why the person cannot start a server here; empty where they can."""
        if self.workspace is None or self.role is None:
            return "You no longer belong to this workspace. Your server is still running: save your work and stop it."
        if not self.role.may_start:
            return access.viewer_note(self.workspace)
        if self.workspace.deleting:
            return "This workspace is being deleted."
        if not self.workspace.namespace:
            return "This workspace is still being prepared. Reload the page in a moment."
        if not self.profiles:
            return f"This workspace has no profile yet. Its owner, {self.workspace.owner}, can allow some."
        return ""


class WorkspaceMixin:
    """What the handlers below share: the live view, and the guard in front of every start."""

    @property
    def view(self) -> View:
        return self.settings["atoll_view"]

    async def guard(self, user: User, server_name: str) -> None:
        """Refuses people who may not start a server in the workspace, before anything is written down.

        Groups may have changed at the identity provider since they were last read, so they are read again before a no.
        """
        try:
            access.enter(self.view.workspaces, person_of(user), server_name)
        except Refused as refused:
            if refused.status_code != 403 or await self.refresh_auth(user, force=True) is None:
                raise
            access.enter(self.view.workspaces, person_of(user), server_name)

    async def spawn_single_user(self, user, server_name="", options=None):
        if options is None:
            options = self._remembered(user, server_name)
        choice = self._choose(user, server_name, options)
        return await super().spawn_single_user(user, server_name, options=choice.options)

    def _choose(self, user: User, server_name: str, options: Any) -> access.Choice:
        return access.choose(self.view.workspaces, self.view.profiles, person_of(user), server_name, options)

    def _remembered(self, user: User, server_name: str) -> dict[str, str]:
        """The options of the last start where they are still allowed, and none otherwise: then defaults hold."""
        spawner = user.orm_user.orm_spawners.get(server_name)
        options = (spawner.user_options if spawner else None) or {}
        try:
            self._choose(user, server_name, options)
        except Refused:
            return {}
        return options


class HomePage(WorkspaceMixin, HomeHandler):
    """The workspaces of the person, each with their server in it."""

    @web.authenticated
    async def get(self):
        user = self.current_user
        html = await self.render_template(
            "home.html", auth_state=await user.get_auth_state(), user=user, cards=self._cards(user)
        )
        self.finish(html)

    def _cards(self, user: User) -> list[Card]:
        mine = access.visible(self.view.workspaces, person_of(user))
        names = {workspace.name for workspace, _ in mine}
        cards = [self._card(user, w.name, w.display_name, w, role) for w, role in mine]
        for name, spawner in sorted(user.spawners.items()):
            if name and name not in names and spawner.active:
                workspace = self.view.workspaces.get(name)
                cards.append(self._card(user, name, workspace.display_name if workspace else name, None, None))
        return cards

    def _card(self, user: User, name: str, title: str, workspace: Workspace | None, role: Role | None) -> Card:
        spawner = user.spawners.get(name)
        offered = access.offered(workspace, self.view.profiles) if workspace else []
        return Card(
            name=name,
            title=title,
            workspace=workspace,
            role=role,
            profiles=tuple(p.display_name for p in offered),
            ready=bool(spawner and spawner.ready),
            pending=(spawner.pending or "") if spawner else "",
            open_url=user.server_url(name),
            start_url=url_path_join(self.hub.base_url, "spawn", user.escaped_name, url_escape_path(name)),
        )


class SpawnPage(WorkspaceMixin, SpawnHandler):
    """Profiles and sizes of one workspace. Without a workspace the home page asks for one."""

    @needs_scope("servers")
    async def _get(self, user_name, server_name):
        if not server_name:
            self.redirect(url_path_join(self.hub.base_url, "home"))
            return
        user = self.find_user(user_name)
        if user is not None and not self._active(user, server_name):
            await self.guard(user, server_name)
        await super()._get(user_name=user_name, server_name=server_name)

    @needs_scope("servers")
    async def _post(self, user_name, server_name):
        user = self.find_user(user_name)
        if user is not None:
            await self.guard(user, server_name)
        await super()._post(user_name=user_name, server_name=server_name)

    def _active(self, user: User, server_name: str) -> bool:
        return server_name in user.spawners and user.spawners[server_name].active

    async def _render_form(self, for_user, spawner_options_form, message="", html_message=""):
        # JupyterHub shows the unnamed server's form again after a mistake; the person wants their workspace's.
        name = self.path_args[1]
        spawner = for_user.get_spawner(name, replace_failed=True)
        form = await spawner.get_options_form()
        return await super()._render_form(for_user, form, message, html_message)


class ServerAPI(WorkspaceMixin, UserServerAPIHandler):
    """Starts a server over the API; the same rules as in the pages hold."""

    @needs_scope("servers")
    async def post(self, user_name, server_name=""):
        user = self.find_user(user_name)
        if user is not None:
            await self.guard(user, server_name)
        return await super().post(user_name, server_name)


REPLACEMENTS = {HomeHandler: HomePage, SpawnHandler: SpawnPage, UserServerAPIHandler: ServerAPI}
