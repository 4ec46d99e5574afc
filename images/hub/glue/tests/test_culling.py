import json
from datetime import UTC, datetime, timedelta

from conftest import eventually
from objects import PYTHON, user, workspace

from atoll_hub import culling, model


def test_each_workspace_has_its_own_time(tmp_path):
    path = tmp_path / "limits.json"
    culling.write(path, {w.name: w for w in map(model.workspace, [workspace("fraud"), workspace("slow", culling={})])})
    limits = culling.read(path)
    assert limits == {"fraud": 1800, "slow": 3600}
    for server, minutes, idle in (
        ("fraud", 29, False),
        ("fraud", 30, True),
        ("slow", 59, False),
        ("slow", 60, True),
        ("gone", 59, False),
        ("gone", 61, True),
    ):
        assert culling.is_idle(limits, timedelta(minutes=minutes), {"name": server}) is idle, (server, minutes)


def test_the_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "limits.json"
    path.write_text('{"old": 1}')
    with path.open() as before:
        culling.write(path, {})
        assert json.load(before) == {"old": 1}
    assert culling.read(path) == {}
    assert [p.name for p in tmp_path.iterdir()] == ["limits.json"]


async def test_the_culler_stops_a_server_that_idled_too_long(app, world, cluster, sign_in):
    world([workspace("fraud", members=[user("ada")]), workspace("slow", members=[user("ada")], culling={})], [PYTHON])
    ada = await sign_in("ada")
    spawners = app.users["ada"].spawners
    for name in ("fraud", "slow"):
        assert (await ada.api("POST", f"/users/ada/servers/{name}"))[0] in (201, 202)
        await eventually(lambda n=name: spawners[n].ready, f"{name} is ready")
    long_ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=45)
    for name in ("fraud", "slow"):
        spawners[name].orm_spawner.last_activity = long_ago
    app.db.commit()
    await eventually(lambda: "ws-fraud/notebook-ada" not in cluster.pods, "the idle server of fraud is stopped")
    assert spawners["slow"].ready
