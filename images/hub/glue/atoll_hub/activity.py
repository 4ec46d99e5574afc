"""Asks a notebook server what goes on in it.

Images with the extension atoll_activity know all of it: kernels, terminals, processes and the home. Any other image
answers Jupyter's own questions, which leave out processes: what they say is marked as not all there is.

A server is its person's, who may change what it answers: nothing in an answer is trusted to be small or well formed.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPError, HTTPRequest

from .annotations import Home, moment

NO_ANSWER = "it does not answer the hub"
NO_PROCESSES = "its image cannot tell whether programs run in it"

_ANSWER_BYTES = 64 * 1024
_CONNECT_SECONDS, _ANSWER_SECONDS = 3, 10
_SHOWN_JOBS = 3
_LONGEST_COMMAND = 60

Get = Callable[[str], Awaitable[Any]]


@dataclass(frozen=True)
class Activity:
    """What a server says of itself: busy and unseen as in culling.Facts."""

    last_activity: datetime | None
    busy: tuple[str, ...] = ()
    unseen: str = ""
    home: Home | None = None


class Asker:
    """Asks servers over HTTP, at their pods' addresses."""

    def __init__(self, concurrency: int = 32):
        self._client = AsyncHTTPClient(
            force_instance=True, max_clients=concurrency, max_body_size=_ANSWER_BYTES, max_header_size=_ANSWER_BYTES
        )

    def close(self) -> None:
        self._client.close()

    async def ask(self, url: str, token: str, now: datetime) -> Activity:
        """What the server at this address says of itself; it never raises for what a server does."""

        async def get(path: str) -> Any:
            request = HTTPRequest(
                f"{url.rstrip('/')}/api/{path}?no_track_activity=1",
                headers={"Authorization": f"token {token}", "Accept": "application/json"},
                connect_timeout=_CONNECT_SECONDS,
                request_timeout=_ANSWER_SECONDS,
                follow_redirects=False,
            )
            return json.loads((await self._client.fetch(request)).body)

        try:
            return await learn(get, now)
        except (HTTPError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Activity(None, unseen=NO_ANSWER)


async def learn(get: Get, now: datetime) -> Activity:
    """Asks the extension, or Jupyter itself where the image has none."""
    try:
        return read(await get("atoll/activity"), now)
    except HTTPClientError as err:
        if err.code != 404:
            raise
    kernels, terminals = await get("kernels"), await _terminals(get)
    moments = [moment(each.get("last_activity")) for each in (*kernels, *terminals, await get("status"))]
    return Activity(
        last_activity=_latest(moments, now),
        busy=_kernels(sum(1 for k in kernels if k.get("execution_state") == "busy")),
        unseen=NO_PROCESSES,
    )


async def _terminals(get: Get) -> list[Mapping[str, Any]]:
    try:
        return await get("terminals")
    except HTTPClientError as err:
        # Terminals can be turned off.
        if err.code == 404:
            return []
        raise


def read(answer: Mapping[str, Any], now: datetime) -> Activity:
    """Reads the extension's answer; KeyError, TypeError or ValueError where it is none."""
    busy = list(_kernels(int(answer["kernels"]["busy"])))
    commands = [_text(job["command"]) for job in answer["jobs"]]
    if commands:
        more = f" and {len(commands) - _SHOWN_JOBS} more" if len(commands) > _SHOWN_JOBS else ""
        verb = "runs" if len(commands) == 1 else "run"
        busy.append(f"{', '.join(commands[:_SHOWN_JOBS])}{more} {verb} in it")
    moments = [moment(answer["lastActivity"]), *(moment(t["lastActivity"]) for t in answer["terminals"])]
    return Activity(_latest(moments, now), tuple(busy), home=_home(answer.get("home")))


def _kernels(busy: int) -> tuple[str, ...]:
    if busy <= 0:
        return ()
    return ("a kernel runs a cell",) if busy == 1 else (f"{busy} kernels run cells",)


def _latest(moments: list[datetime | None], now: datetime) -> datetime | None:
    """The latest of the moments; a server whose clock is ahead is not active in the future."""
    return max((min(m, now) for m in moments if m), default=None)


def _home(found: Any) -> Home | None:
    if not isinstance(found, Mapping):
        return None
    used, size = int(found["used"]), int(found["size"])
    if used < 0 or size <= 0:
        return None
    return Home(used, size, found["enforced"] is True, found["complete"] is True)


def _text(value: Any) -> str:
    return "".join(c if c.isprintable() else " " for c in str(value))[:_LONGEST_COMMAND].strip() or "a program"


def utc(naive: datetime | None) -> datetime | None:
    """JupyterHub's own times are in UTC and do not say so."""
    return naive.replace(tzinfo=UTC) if naive else None
