"""The pages and API calls in which the hub speaks of workspaces; they replace JupyterHub's of the same address."""

import json
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.handlers.pages import HomeHandler, SpawnHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.user import User
from jupyterhub.utils import url_escape_path, url_path_join
from kubernetes_asyncio.client import ApiException
from tornado import web

from . import access, annotations, cards, culling, hold
from .cards import Card
from .clock import utcnow
from .model import Role, Workspace
from .refusal import Refused
from .spawner import WorkspaceSpawner, person_of
from .view import View


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
            "home.html",
            auth_state=await user.get_auth_state(),
            user=user,
            cards=self._cards(user),
            clock=culling.clock,
            home_note=cards.home_note,
        )
        self.finish(html)

    def _cards(self, user: User) -> list[Card]:
        mine = access.visible(self.view.workspaces, person_of(user))
        names = {workspace.name for workspace, _ in mine}
        found = [self._card(user, w.name, w.display_name, w, role) for w, role in mine]
        now = utcnow()
        for name in sorted(name for name in user.orm_user.orm_spawners if name and name not in names):
            spawner = user.spawners.get(name)
            ended = (user.orm_user.orm_spawners[name].state or {}).get("atoll_ended")
            if (spawner and spawner.active) or cards.was_removed(ended, now):
                workspace = self.view.workspaces.get(name)
                found.append(self._card(user, name, workspace.display_name if workspace else name, None, None))
        return found

    def _card(self, user: User, name: str, title: str, workspace: Workspace | None, role: Role | None) -> Card:
        spawner = user.spawners.get(name)
        row = user.orm_user.orm_spawners.get(name)
        ended = ((row.state if row else None) or {}).get("atoll_ended")
        offered = access.offered(workspace, self.view.profiles) if workspace else []
        ready = bool(spawner and spawner.ready)
        return Card(
            name=name,
            title=title,
            workspace=workspace,
            role=role,
            profiles=tuple(p.display_name for p in offered),
            ready=ready,
            pending=(spawner.pending or "") if spawner else "",
            open_url=user.server_url(name),
            start_url=url_path_join(self.hub.base_url, "spawn", user.escaped_name, url_escape_path(name)),
            ended=ended if cards.remembered(ended, utcnow()) else None,
            server=self._server(spawner, workspace) if ready else None,
            others=self._others(workspace) if workspace and role is Role.OWNER else (),
        )

    def _server(self, spawner: WorkspaceSpawner, workspace: Workspace | None) -> cards.Server:
        limits = self.settings["atoll_keeper"].culler.limits(spawner.name)
        profile = (spawner.user_options or {}).get("profile", "")
        return cards.server(spawner.annotations, profile, workspace, self.view.profiles, limits, utcnow())

    def _others(self, workspace: Workspace) -> tuple[cards.Neighbour, ...]:
        """Every server of a workspace, for its owner: the dry run of what will be stopped, when and why."""
        return tuple(
            cards.neighbour(spawner.pod_labels, spawner.annotations)
            for _, name, spawner in self.settings["atoll_keeper"].servers()
            if name == workspace.name and spawner.ready
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


class HoldAPI(WorkspaceMixin, APIHandler):
    """Holds a person's own server for a while although nothing happens in it, or lets it go again."""

    @needs_scope("servers")
    async def get(self, user_name, server_name):
        spawner, _ = self._own(user_name, server_name)
        self._answer(spawner)

    @needs_scope("servers")
    async def post(self, user_name, server_name):
        spawner, workspace = self._own(user_name, server_name)
        await self._write(spawner, hold.asked(self._body(), workspace, utcnow()))

    @needs_scope("servers")
    async def delete(self, user_name, server_name):
        spawner, _ = self._own(user_name, server_name)
        await self._write(spawner, None)

    def _own(self, user_name: str, server_name: str) -> tuple[WorkspaceSpawner, Workspace]:
        """The person's own server that runs; nobody holds another's, administrators neither."""
        user = self.current_user
        if getattr(user, "kind", "") != "user" or user.name != user_name:
            raise Refused(403, "You can hold your own server only: the name in the address is another person's.")
        workspace = access.enter(self.view.workspaces, person_of(user), server_name)
        spawner = user.spawners.get(server_name)
        if spawner is None or not spawner.ready:
            raise Refused(
                409,
                f"You have no running server in workspace {workspace.display_name}: "
                "only a server that runs can be held. Start it first.",
            )
        return spawner, workspace

    def _body(self) -> Any:
        try:
            return json.loads(self.request.body or b"null")
        except ValueError as err:
            raise Refused(400, 'The body is not JSON: write {"for": "8h"}.') from err

    async def _write(self, spawner: WorkspaceSpawner, wanted: culling.Hold | None) -> None:
        try:
            await spawner.annotate(annotations.write_hold(wanted))
        except ApiException as err:
            raise Refused(
                503, f"The hold could not be written down ({err.reason}), so it does not hold. Try again in a moment."
            ) from err
        await self.settings["atoll_keeper"].judge(self.current_user, spawner.name, spawner)
        self._answer(spawner)

    def _answer(self, spawner: WorkspaceSpawner) -> None:
        limits = self.settings["atoll_keeper"].culler.limits(spawner.name)
        until = culling.hold_ends(annotations.read_hold(spawner.annotations), limits, utcnow())
        self.write(json.dumps({"heldUntil": annotations.stamp(until) if until else None}))


ADDITIONS = [(r"/api/users/([^/]+)/servers/([^/]*)/hold", HoldAPI)]
REPLACEMENTS = {HomeHandler: HomePage, SpawnHandler: SpawnPage, UserServerAPIHandler: ServerAPI}
