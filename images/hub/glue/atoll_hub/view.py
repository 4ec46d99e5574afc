"""The live view of workspaces and profiles: one list, then one watch a kind, for all pages and spawns together."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kubernetes_asyncio import client, watch
from prometheus_client import Gauge

from . import model
from .model import Profile, Workspace

OBJECTS = Gauge("atoll_hub_view_objects", "Objects in the hub's view of the custom resources", ["kind"])
STALENESS = Gauge(
    "atoll_hub_view_staleness_seconds",
    "Seconds since the API server last confirmed the hub's view of a kind; above 120 the view is out of date",
    ["kind"],
)

# The server ends a watch after this long and sends bookmarks at least as often, so silence for longer is a broken link.
_WATCH_SECONDS = 60
_NETWORK_SECONDS = _WATCH_SECONDS + 15
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


class View:
    """What access decisions read. Replaced whole on every change, never edited in place."""

    workspaces: Mapping[str, Workspace]
    profiles: Mapping[str, Profile]
    # Workspaces that exist and do not read as one of this version.
    unreadable: frozenset[str] = frozenset()

    def __init__(
        self,
        workspaces: Mapping[str, Workspace] | None = None,
        profiles: Mapping[str, Profile] | None = None,
    ):
        self.workspaces = workspaces or {}
        self.profiles = profiles or {}

    async def start(self) -> None:
        """Returns once the view is complete."""

    async def stop(self) -> None:
        """Ends what start began."""


class LiveView(View):
    """A view that follows the custom resources of a Kubernetes API.

    The client has to be configured before start. on_change is called after every change of the workspaces.
    """

    def __init__(self, log: logging.Logger, on_change: Callable[[], None] | None = None):
        super().__init__()
        self._log = log
        self._on_change = on_change
        self._tasks: list[asyncio.Task] = []
        self._client: client.ApiClient | None = None

    async def start(self) -> None:
        self._client = client.ApiClient()
        api = client.CustomObjectsApi(self._client)
        followers = [
            Follower(api, "workspaces", model.workspace, self._set_workspaces, self._log),
            Follower(api, "profiles", model.profile, self._set_profiles, self._log),
        ]
        self._tasks = [asyncio.create_task(f.run(), name=f"view of {f.plural}") for f in followers]
        await asyncio.gather(*(f.complete.wait() for f in followers))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client:
            await self._client.close()

    def _set_workspaces(self, workspaces: Mapping[str, Workspace], unreadable: frozenset[str]) -> None:
        # Those that cannot be read first: a workspace must not look deleted in between.
        self.unreadable, self.workspaces = unreadable, workspaces
        if self._on_change:
            self._on_change()

    def _set_profiles(self, profiles: Mapping[str, Profile], _: frozenset[str]) -> None:
        self.profiles = profiles


class Follower:
    """Follows one cluster-scoped kind: lists it, then watches from there, and lists again when the watch is lost."""

    def __init__(
        self,
        api: client.CustomObjectsApi,
        plural: str,
        parse: Callable[[Mapping[str, Any]], Any],
        publish: Callable[[Mapping[str, Any], frozenset[str]], None],
        log: logging.Logger,
    ):
        self.plural = plural
        self.complete = asyncio.Event()
        self._list_objects = partial(
            api.list_cluster_custom_object, model.GROUP, model.VERSION, plural, _preload_content=False
        )
        self._parse = parse
        self._publish = publish
        self._log = log
        self._known: dict[str, Any] = {}
        self._unreadable: set[str] = set()
        self._confirmed = time.monotonic()
        STALENESS.labels(plural).set_function(lambda: time.monotonic() - self._confirmed)

    async def run(self) -> None:
        """Follows until cancelled."""
        pause = _FIRST_PAUSE
        version = ""
        while True:
            try:
                if not version:
                    version = await self._list()
                version = await self._watch(version)
                pause = _FIRST_PAUSE
            except Exception as err:
                # Whatever it was, such as a watch that was cut in the middle: rights end by this view.
                version = ""
                refused = isinstance(err, client.ApiException)
                if refused and err.status == 410:
                    self._log.info("The watch of %s is too old for the API server: listing them anew", self.plural)
                    continue
                why = err.reason if refused else repr(err)
                self._log.warning("Following %s failed, next try in %.0f s: %s", self.plural, pause, why)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _list(self) -> str:
        response = await self._list_objects(_request_timeout=_NETWORK_SECONDS)
        body = await response.read()
        if response.status != 200:
            raise client.ApiException(status=response.status, reason=body.decode(errors="replace"))
        page = json.loads(body)
        self._known, self._unreadable = {}, set()
        for obj in page["items"]:
            self._keep(obj)
        self._confirm()
        self.complete.set()
        return page["metadata"]["resourceVersion"]

    async def _watch(self, version: str) -> str:
        """Applies events until the server ends the watch; returns the version to go on from."""
        stream = watch.Watch().stream(
            self._list_objects,
            resource_version=version,
            allow_watch_bookmarks=True,
            timeout_seconds=_WATCH_SECONDS,
            _request_timeout=_NETWORK_SECONDS,
        )
        async with stream:
            async for event in stream:
                obj = event["raw_object"]
                version = obj["metadata"]["resourceVersion"]
                if event["type"] == "DELETED":
                    self._known.pop(obj["metadata"]["name"], None)
                    self._unreadable.discard(obj["metadata"]["name"])
                elif event["type"] != "BOOKMARK":
                    self._keep(obj)
                self._confirm(changed=event["type"] != "BOOKMARK")
        self._confirm(changed=False)
        return version

    def _keep(self, obj: Mapping[str, Any]) -> None:
        name = obj["metadata"]["name"]
        try:
            self._known[name] = self._parse(obj)
            self._unreadable.discard(name)
        except (KeyError, TypeError, ValueError) as err:
            self._known.pop(name, None)
            self._unreadable.add(name)
            self._log.error("Ignoring %s %s: it does not read as one of this version: %r", self.plural, name, err)

    def _confirm(self, changed: bool = True) -> None:
        self._confirmed = time.monotonic()
        if changed:
            OBJECTS.labels(self.plural).set(len(self._known))
            self._publish(dict(self._known), frozenset(self._unreadable))
