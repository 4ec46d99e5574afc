"""Starts people's servers: the choice of workspace, profile and size becomes a pod in the workspace's namespace."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyterhub.user import User
from kubernetes_asyncio import client
from kubernetes_asyncio.client import ApiException
from kubespawner import KubeSpawner
from traitlets import Dict, Enum, Unicode, default

from . import access, annotations, dataaccess, environment, person, quantity, queries, quota, tokens
from .form import options_form, options_from_form
from .model import Person
from .noting import NotesMixin
from .refusal import Refused, from_api
from .resuming import ResumingMixin
from .view import View

_MANAGED_BY = "atoll-hub"
_TOKEN_KEY = "api-token"  # noqa: S105
_TOKEN_VARIABLES = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN")
_API_SECONDS = 10
# The person is told why a server is late before JupyterHub gives up with a message that says nothing.
_LAST_WORD_SECONDS = 10


def person_of(user: User) -> Person:
    """Who a user of the hub is to the workspaces."""
    return Person(user.name, frozenset(group.name for group in user.orm_user.groups))


class WorkspaceSpawner(NotesMixin, ResumingMixin, KubeSpawner):
    """A named server is the person's server in the workspace of that name.

    What is started is decided here, from the live view, whichever way the request came in.
    """

    placement = Enum(
        ["Required", "Relaxed"], "Required", config=True, help="Whether servers keep to the application nodes."
    )
    data_access = Dict(
        config=True, help="What makes the object store be found: config and credentials, see dataaccess."
    )
    trino = Dict(config=True, help="What makes Trino be found: url, and authority, a file; see queries.")
    default_storage_class = Unicode("", config=True, help="Storage class of homes whose workspace names none.")

    # One reflector of pods and one of events serve all workspaces. Namespaces are the operator's to make.
    enable_user_namespaces = True
    component_label = "notebook"

    choice: access.Choice | None = None
    # Why the last server was stopped by the hub, and when; kept in the database beyond the server.
    ended: Mapping[str, str] | None = None
    # When the identity provider last confirmed the person's groups.
    confirmed_at: datetime | None = None

    @property
    def view(self) -> View:
        return self.user.settings["atoll_view"]

    @property
    def person(self) -> Person:
        return person_of(self.user)

    @property
    def spelling(self) -> str:
        """The person's user name as the workspace spells it."""
        workspace = self.view.workspaces.get(self.name)
        return workspace.spelling(self.person) if workspace else self.user.name

    @default("user_namespace_template")
    def _default_namespace(self):
        return f"ws-{self.name}"

    @default("pod_name_template")
    def _default_pod_name(self):
        return person.pod(self.spelling)

    @default("pvc_name_template")
    def _default_pvc_name(self):
        return person.home(self.spelling)

    @default("service_account")
    def _default_service_account(self):
        return person.service_account(self.spelling)

    @default("options_form")
    def _default_options_form(self):
        return options_form

    @default("options_from_form")
    def _default_options_from_form(self):
        return options_from_form

    @default("apply_user_options")
    def _default_apply_user_options(self):
        # load_user_options applies them, after it has decided whether they are allowed.
        return lambda spawner, options: None

    async def load_user_options(self) -> None:
        """Decides what is started, or refuses; KubeSpawner calls it first of all."""
        self.choice = access.choose(self.view.workspaces, self.view.profiles, self.person, self.name, self.user_options)
        await self._start_watching_pods()
        workspace, profile, size = self.choice.workspace, self.choice.profile, self.choice.size
        self.namespace = workspace.namespace
        if (used := await self.usage()) is not None:
            quota.check(workspace, used, size, self.spelling, profile.sizes)
        self._apply(self.choice)
        self.noted, self.ended, self.confirmed_at = {}, None, datetime.now(UTC)

    async def usage(self) -> quota.Usage | None:
        """Who uses what of the workspace's quota now; None where the cluster does not say, and then it decides."""
        workspace = self.view.workspaces.get(self.name)
        if workspace is None or not workspace.namespace:
            return None
        try:
            pods, claims = await asyncio.gather(
                self._list(self.api.list_namespaced_pod, workspace.namespace),
                self._list(self.api.list_namespaced_persistent_volume_claim, workspace.namespace),
            )
            return quota.usage(pods, claims, besides=self.pod_name)
        except (ApiException, OSError, TimeoutError, ValueError, KeyError) as err:
            self.log.warning("Asking what is in use in %s failed: %r", workspace.namespace, err)
            return None

    async def _list(self, method, namespace: str) -> list[dict[str, Any]]:
        response = await method(namespace, _preload_content=False, _request_timeout=_API_SECONDS)
        body = await response.read()
        if response.status != 200:
            raise ApiException(status=response.status, reason=body.decode(errors="replace")[:200])
        return json.loads(body)["items"]

    def get_state(self):
        state = super().get_state()
        if self.ended:
            state["atoll_ended"] = dict(self.ended)
        if self.confirmed_at:
            state["atoll_confirmed_at"] = annotations.stamp(self.confirmed_at)
        return state

    def load_state(self, state):
        super().load_state(state)
        self.ended = state.get("atoll_ended")
        self.confirmed_at = annotations.moment(state.get("atoll_confirmed_at"))

    def clear_state(self):
        super().clear_state()
        self.noted = {}
        self.confirmed_at = None

    def _apply(self, choice: access.Choice) -> None:
        workspace, profile, size = choice.workspace, choice.profile, choice.size
        self.image = profile.image
        self.cpu_guarantee = float(quantity.parse(size.cpu_guarantee))
        self.cpu_limit = float(quantity.parse(size.cpu_limit))
        self.mem_guarantee = int(quantity.parse(size.memory_guarantee))
        self.mem_limit = int(quantity.parse(size.memory_limit))
        # As the profile writes them, so that a refusal of Kubernetes says 1.5Gi and not 1610612736.
        gpus = {size.gpu_resource: str(size.gpu_count)} if size.gpu_count else {}
        self.extra_resource_guarantees = gpus | {"cpu": size.cpu_guarantee, "memory": size.memory_guarantee}
        self.extra_resource_limits = gpus | {"cpu": size.cpu_limit, "memory": size.memory_limit}
        self.node_selector, self.tolerations = self._placement(profile)
        self.storage_capacity = workspace.home_size
        self.storage_class = workspace.home_class or self.default_storage_class or None
        labels = {"atoll.dev/workspace": workspace.name, "app.kubernetes.io/managed-by": _MANAGED_BY}
        self.common_labels = labels
        self.extra_labels = {
            "atoll.dev/component": "notebook",
            "atoll.dev/person": person.slug(self.spelling),
            "atoll.dev/profile": profile.name,
        }
        self.extra_annotations = {annotations.SIZE: size.name} | environment.annotations(profile)
        self.storage_extra_labels = {"atoll.dev/home": "true"}

    def _placement(self, profile) -> tuple[dict[str, str], list[dict[str, str]]]:
        selector, tolerations = {}, [dict(t) for t in profile.tolerations]
        if self.placement == "Required":
            selector["atoll.dev/subcluster"] = "application"
            tolerations.append(
                {
                    "key": "atoll.dev/subcluster",
                    "operator": "Equal",
                    "value": "application",
                    "effect": "NoSchedule",
                }
            )
        return selector | dict(profile.node_selector), tolerations

    def _build_common_annotations(self, extra_annotations):
        # Added here because KubeSpawner expands templates in configured annotations, and a user name is no template.
        return super()._build_common_annotations(extra_annotations) | {annotations.PERSON: self.spelling}

    def get_env(self) -> dict[str, Any]:
        """The server's environment.

        JupyterHub's own variables win over the profile's, whose values are literal. JupyterHub's token comes from a
        Secret: members of a workspace may read each other's pods, and the token opens the server.
        """
        chosen = self.choice.profile.env if self.choice else {}
        env: dict[str, Any] = {name: value.replace("$(", "$$(") for name, value in chosen.items()}
        env |= super().get_env()
        if self.choice:
            env["ATOLL_HOME_SIZE"] = str(int(quantity.parse(self.choice.workspace.home_size)))
        if self.data_access:
            env |= dataaccess.VARIABLES
        if self.trino:
            env |= queries.variables(self.trino["url"])
        for name in _TOKEN_VARIABLES:
            env[name] = {
                "name": name,
                "valueFrom": {"secretKeyRef": {"name": self.pod_name, "key": _TOKEN_KEY}},
            }
        return env

    async def get_pod_manifest(self) -> client.V1Pod:
        pod = await super().get_pod_manifest()
        if self.data_access:
            dataaccess.add(pod, **self.data_access)
        if self.trino:
            queries.add(pod, Path(self.trino["authority"]))
        return pod

    async def _ensure_namespace(self) -> None:
        """Prepares what the pod refers to in the workspace's namespace, which the operator has made."""
        await self._ensure_service_account()
        await self._put_token()

    async def _ensure_service_account(self) -> None:
        """The operator makes those of people listed by name; people who come by a group get theirs here."""
        name = person.service_account(self.spelling)
        body = client.V1ServiceAccount(metadata=self._metadata(name))
        try:
            await self.api.create_namespaced_service_account(self.namespace, body)
        except ApiException as err:
            if err.status != 409:
                raise

    async def _put_token(self) -> None:
        body = client.V1Secret(
            metadata=self._metadata(self.pod_name), type="Opaque", string_data={_TOKEN_KEY: self.api_token}
        )
        try:
            await self.api.create_namespaced_secret(self.namespace, body)
        except ApiException as err:
            if err.status != 409:
                raise
            await self.api.replace_namespaced_secret(self.pod_name, self.namespace, body)

    def _metadata(self, name: str) -> client.V1ObjectMeta:
        return client.V1ObjectMeta(
            name=name,
            labels=self.common_labels | {"app.kubernetes.io/part-of": "atoll"},
            annotations={annotations.PERSON: self.spelling},
        )

    async def _start(self):
        try:
            async with asyncio.timeout(max(self.start_timeout - _LAST_WORD_SECONDS, 1)):
                return await super()._start()
        except ApiException as err:
            raise await self._explain(err) from err
        except TimeoutError as err:
            raise Refused(504, self._why_late()) from err

    async def _explain(self, err: ApiException) -> Refused:
        """What Kubernetes refuses although it seemed to fit: somebody was faster, or something else takes its share."""
        refused = from_api(err.status, err.body, self._workspace_title())
        if refused.resources and self.choice and (used := await self.usage()) is not None:
            refused = refused.add(*(f"{name}: {quota.who(used, name)}" for name in refused.resources))
        return refused

    def _workspace_title(self) -> str:
        return self.choice.workspace.display_name if self.choice else self.name

    def _why_late(self) -> str:
        events = [e for e in self.events if e["type"] == "Warning"] or self.events
        said = events[-1]["message"].rstrip(".") if events else "nothing"
        return (
            f"The server in workspace {self._workspace_title()} did not start within {self.start_timeout} seconds. "
            f"The last the cluster said of it: {said}. Try again, choose another size, or tell the platform team."
        )

    async def run_post_stop_hook(self) -> None:
        """Removes the token of a server that has stopped or that did not start, wherever it is."""
        self.revoke_tokens()
        try:
            await self.api.delete_namespaced_secret(self.pod_name, self.namespace)
        except ApiException as err:
            # 403 is the answer where the workspace is gone, and its RoleBinding with it.
            if err.status not in (403, 404):
                self.log.warning("Deleting Secret %s/%s: %s", self.namespace, self.pod_name, err.reason)

    def revoke_tokens(self) -> int:
        return tokens.revoke(self.user, self.name, self.oauth_client_id)

    @property
    def server_path(self) -> str:
        return self.user.server_url(self.name)

    @property
    def events(self) -> list[dict[str, Any]]:
        """This pod's events: KubeSpawner tells pods apart by name alone, and a person's pods are namesakes."""
        return [e for e in super().events if e["involvedObject"].get("namespace") == self.namespace]
