"""Real notebook servers under a real hub: what is stopped, what is not, and whether the dry run had said so."""

import asyncio
import time
from collections import defaultdict
from datetime import timedelta

import pytest
from conftest import eventually
from notebook import Notebook
from objects import PYTHON, user, workspace

from atoll_hub import annotations, hold
from atoll_hub.activity import utc
from atoll_hub.clock import utcnow

IDLE_SECONDS = 4
PERIODS = 10
PEOPLE = ("ada", "bob", "cleo", "dan", "eva", "fay")


def fraud(**spec):
    return workspace(
        "fraud",
        members=[user(p) for p in PEOPLE],
        quota={"cpu": "99", "memory": "99Gi", "storage": "99Gi", "servers": 20},
        culling={"idleAfter": f"{IDLE_SECONDS}s", "maxHold": "1h"},
        **spec,
    )


@pytest.fixture
async def start(app, real_servers, sign_in):
    one_at_a_time = asyncio.Lock()

    async def run(person):
        async with one_at_a_time:
            browser = await sign_in(person)
        status, answer = await browser.api("POST", f"/users/{person}/servers/fraud", {"size": "small"})
        assert status in (201, 202), answer
        spawner = app.users[person].spawners["fraud"]
        await eventually(lambda: spawner.ready, f"{person}'s server is ready", 90)
        return browser, spawner

    return run


class DryRun:
    """Reads the verdicts on the pods as `atoll servers --cull-dry-run` does, and remembers them."""

    def __init__(self, cluster):
        self._cluster = cluster
        self.said = defaultdict(list)
        self.gone = {}

    async def watch(self, until):
        known = set()
        while not until():
            for person in PEOPLE:
                pod = self._cluster.pods.get(f"ws-fraud/notebook-{person}")
                if pod is None:
                    if person in known:
                        self.gone.setdefault(person, utcnow())
                    continue
                known.add(person)
                found = annotations.read_verdict(pod["metadata"]["annotations"])
                if found and (not self.said[person] or self.said[person][-1] != found[0]):
                    self.said[person].append(found[0])
            await asyncio.sleep(0.1)

    def verdicts(self, person):
        return {v.state.value for v in self.said[person]}


async def test_what_works_survives_ten_idle_periods_and_what_idles_goes(
    app, world, real_servers, start, pace, monkeypatch
):
    monkeypatch.setattr(hold, "SHORTEST", timedelta(seconds=1))
    long_lived = fraud()
    long_lived["spec"]["culling"]["idleAfter"] = "10m"
    world([long_lived], [PYTHON])
    servers = dict(zip(PEOPLE, await asyncio.gather(*map(start, PEOPLE)), strict=True))
    spawners = {person: spawner for person, (_, spawner) in servers.items()}

    async with Notebook(spawners["ada"]) as ada:
        await ada.run("import time; time.sleep(600)", wait=False)
    async with Notebook(spawners["bob"]) as bob:
        await bob.type("while :; do echo still here; read -t 1 nothing < /dev/zero || sleep 1; done")
    async with Notebook(spawners["cleo"]) as cleo:
        terminal = await cleo.type("nohup sleep 600 >/dev/null 2>&1 &")
        await cleo.call("DELETE", f"terminals/{terminal}")
    async with Notebook(spawners["fay"]) as fay:
        await fay.run("import subprocess; child = subprocess.Popen(['sleep', '600'])")

    held_for = IDLE_SECONDS * 4
    world([fraud()], [PYTHON])
    pace(every=0.3)
    status, answer = await servers["eva"][0].api("POST", "/users/eva/servers/fraud/hold", {"for": f"{held_for}s"})
    assert status == 200, answer
    held_until = annotations.moment(answer["heldUntil"])

    dry_run = DryRun(real_servers)
    deadline = time.monotonic() + IDLE_SECONDS * PERIODS
    await dry_run.watch(lambda: time.monotonic() >= deadline)

    for person in ("ada", "bob", "cleo", "fay"):
        assert spawners[person].ready, f"{person}'s server was stopped: {dry_run.said[person]}"
        assert not dry_run.verdicts(person) & {"Ending", "Stop"}, dry_run.said[person]
    assert dry_run.said["ada"][-1].reason == "a kernel runs a cell"
    assert dry_run.said["cleo"][-1].reason == "sleep runs in it"
    assert dry_run.said["fay"][-1].reason == "sleep runs in it"
    assert {"ada", "bob", "cleo", "fay"} & set(dry_run.gone) == set()

    # Whoever went had been told so, with the time, and did not go before it.
    for person in ("dan", "eva"):
        told = [v for v in dry_run.said[person] if v.state.value == "Ending"]
        assert told, dry_run.said[person]
        assert dry_run.gone[person] >= told[-1].stops_at
    assert "Held" in dry_run.verdicts("eva")
    assert dry_run.gone["dan"] < held_until - timedelta(seconds=IDLE_SECONDS)
    assert dry_run.gone["eva"] >= held_until
    for person, (browser, _) in servers.items():
        if person in dry_run.gone:
            _, page = await browser.open("/hub/home")
            assert "nothing happened in it since" in page.select_one("#ended-fraud").get_text()
    for person in PEOPLE:
        last = dry_run.said[person][-1]
        gone = dry_run.gone.get(person)
        print(f"{person:5} {'stopped' if gone else 'runs':8} dry run: {[v.state.value for v in dry_run.said[person]]}")
        print(f"      {last.reason}")


async def test_an_image_without_the_extension_is_kept_longer_and_says_so(world, real_servers, start, pace):
    real_servers.extension = False
    world([fraud()], [PYTHON])
    pace(every=0.3, unknown_after=timedelta(seconds=IDLE_SECONDS * 3))
    _, spawner = await start("dan")
    began, started = utcnow(), utc(spawner.orm_spawner.started)
    dry_run = DryRun(real_servers)
    await dry_run.watch(lambda: "dan" in dry_run.gone or utcnow() - began > timedelta(seconds=60))
    assert "Unknown" in dry_run.verdicts("dan")
    unknown = next(v for v in dry_run.said["dan"] if v.state.value == "Unknown")
    assert "its image cannot tell whether programs run in it" in unknown.reason
    # Three times as long as a server that can say so, since it was started at the earliest; pods tell whole seconds.
    assert unknown.stops_at >= started + timedelta(seconds=IDLE_SECONDS * 3 - 1)
    assert dry_run.gone["dan"] >= unknown.stops_at


async def test_a_server_that_does_not_answer_is_unknown(app, world, real_servers, start, pace):
    world([fraud()], [PYTHON])
    pace(every=0.3)
    _, spawner = await start("dan")
    real_servers.processes["ws-fraud/notebook-dan"].send_signal(19)
    try:
        found = await eventually(
            lambda: (annotations.read_verdict(spawner.annotations) or (None,))[0] or None, "there is a verdict"
        )
        await eventually(
            lambda: annotations.read_verdict(spawner.annotations)[0].state.value == "Unknown", "it is unknown", 60
        )
        found = annotations.read_verdict(spawner.annotations)[0]
        assert "it does not answer the hub: such a server is stopped after 24h" in found.reason
    finally:
        real_servers.processes["ws-fraud/notebook-dan"].send_signal(18)
