"""What becomes of a server that was starting when the hub was killed: the database knows of it, and no address."""

import asyncio

import pytest
from conftest import eventually
from jupyterhub import orm
from objects import PYTHON, user, workspace

# Settings hold for spawners made after them: these people are of no other test.
FRAUD = workspace("fraud", members=[user("quinn"), user("ravi"), user("sol")])


@pytest.fixture
async def killed(app, world, cluster, sign_in):
    """Leaves behind what a hub does that is killed during a start, and looks for it as the next hub does."""
    world([FRAUD], [PYTHON])
    looks = []

    async def leave(person, pod):
        await sign_in(person)
        spawner = app.users[person].spawners["fraud"]
        spawner.orm_spawner.server = orm.Server(base_url=f"/user/{person}/fraud/")
        app.db.commit()
        spawner.start_timeout = 3
        spawner.http_timeout = 1
        if pod:
            cluster.run("ws-fraud", f"notebook-{person}", **pod)
        looks.append(asyncio.ensure_future(app.init_spawners()))
        return spawner

    yield leave
    for look in looks:
        await look


async def test_a_server_that_was_starting_is_taken_up_once_its_pod_runs(killed, cluster, notebook_port):
    spawner = await killed("quinn", {"phase": "Pending", "port": notebook_port})
    await asyncio.sleep(0.5)
    assert spawner.pending == "check"
    cluster.run("ws-fraud", "notebook-quinn", port=notebook_port)
    await eventually(lambda: spawner.ready, "the server is taken up")
    assert spawner.server.url == f"http://127.0.0.1:{notebook_port}/user/quinn/fraud/"
    await spawner.user.stop("fraud")


async def test_a_server_whose_pod_never_runs_is_given_up(killed, cluster):
    spawner = await killed("ravi", {"phase": "Pending"})
    await eventually(lambda: not spawner.active, "the server is given up")
    assert not cluster.pods


async def test_a_server_that_has_no_pod_yet_is_given_up_at_once(killed):
    spawner = await killed("sol", None)
    await eventually(lambda: not spawner.active, "the server is given up", 1)
