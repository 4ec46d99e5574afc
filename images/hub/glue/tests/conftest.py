import asyncio
import dataclasses
import logging
import socket
import time
from pathlib import Path

import kubespawner.spawner
import pytest
import yaml
from aiohttp import web
from browser import Browser
from fakes import Cluster, ClusterSpawner, MemoryProxy, StillHub
from provider import CLIENT_SECRET, Provider
from real_servers import RealServers
from traitlets.config import Config

from atoll_hub import model, settings
from atoll_hub.config import configure


@pytest.fixture(scope="session", autouse=True)
def no_cluster():
    """Nothing here may reach a cluster that the machine happens to be configured for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kubespawner.spawner, "load_config", lambda **_: None)
        yield


async def serve(app: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, site._server.sockets[0].getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def eventually(check, what: str, seconds: float = 60):
    """Waits until check returns something true, and returns it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


@pytest.fixture(scope="session")
async def provider():
    fake = Provider()
    runner, port = await serve(fake.app())
    fake.issuer = f"http://127.0.0.1:{port}"
    yield fake
    await runner.cleanup()


@pytest.fixture(scope="session")
async def notebook_port():
    """Stands for every notebook server: it answers."""

    async def answer(_):
        return web.json_response({}, headers={"X-JupyterHub-Version": "5.5.4"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner, port = await serve(app)
    yield port
    await runner.cleanup()


@pytest.fixture(scope="session")
def hub_config(provider, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    for name, text in {
        "cookie-secret": "ab" * 32,
        "crypt-key": "cd" * 32,
        "proxy-auth-token": "token",
        "client-secret": CLIENT_SECRET,
    }.items():
        (folder / name).write_text(text)
    authority = folder / "ca.crt"
    authority.write_text("certificate\n")
    port = free_port()
    content = {
        "url": f"http://127.0.0.1:{port}",
        "port": port,
        "proxyAPI": "http://127.0.0.1:1",
        "stateFolder": str(folder),
        "secretsFolder": str(folder),
        "oidc": {"issuer": provider.issuer, "clientID": "atoll-hub", "adminGroup": "platform"},
        "servers": {"hubURL": f"http://127.0.0.1:{port}", "placement": "Required", "startTimeout": "90s"},
        "dataAccess": {"config": "[default]\n", "credentials": "print({})\n"},
        "trino": {"url": "https://trino.atoll-directory:8443", "authority": str(authority)},
        "culling": {"every": "1s", "unknownAfter": "24h"},
    }
    path = folder / "hub.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="session")
async def app(hub_config, notebook_port):
    """The real hub, as hub.yaml configures it, in this process."""
    config = Config()
    loaded = settings.load(hub_config)
    # Discovery blocks as it may at start-up, and the provider runs in this loop.
    await asyncio.to_thread(configure, config, loaded, logging.getLogger("test"))
    config.JupyterHub.spawner_class = ClusterSpawner
    config.JupyterHub.proxy_class = MemoryProxy
    config.WorkspaceSpawner.port = notebook_port
    hub = StillHub.instance(config=config)
    await hub.initialize([])
    await hub.start()
    yield hub
    await hub.cleanup()
    hub.http_server.stop()
    StillHub.clear_instance()


@pytest.fixture
def cluster():
    """A new, empty cluster."""
    ClusterSpawner.cluster = Cluster()
    return ClusterSpawner.cluster


@pytest.fixture
async def real_servers(cluster):
    """A new cluster in which servers truly run; real_servers.extension = False makes them like any other image."""
    ClusterSpawner.cluster = servers = RealServers()
    yield servers
    servers.close()


@pytest.fixture
async def pace(app):
    """Looks at servers as often as a test wants; afterwards as before."""
    keeper = app.keeper
    before = keeper.times, keeper.culler._unknown_after

    def set_pace(unknown_after=None, **times):
        keeper.times = dataclasses.replace(keeper.times, **times)
        keeper.culler._unknown_after = unknown_after or before[1]
        keeper.wake()

    yield set_pace
    keeper.times, keeper.culler._unknown_after = before


@pytest.fixture
async def world(app, cluster):
    """Sets the workspaces and profiles that the hub sees; every server is stopped afterwards."""

    def see(workspaces=(), profiles=()):
        app.view.workspaces = {w.name: w for w in map(model.workspace, workspaces)}
        app.view.profiles = {p.name: p for p in map(model.profile, profiles)}
        app.keeper.wake()

    yield see
    for user in list(app.users.values()):
        for name, spawner in list(user.spawners.items()):
            if spawner.active:
                await eventually(lambda s=spawner: not s.pending, f"server {name} settles")
                await user.stop(name)
    see()


@pytest.fixture
async def sign_in(app, provider):
    """Signs people in, each at a browser of their own."""
    browsers = []

    async def enter(person, groups=None):
        browser = Browser(f"http://127.0.0.1:{app.hub.port}")
        browsers.append(browser)
        provider.next_person = person
        provider.groups.pop(person, None)
        if groups is not None:
            provider.groups[person] = groups
        await browser.open("/hub/login")
        status, page = await browser.open("/hub/oauth_login")
        assert status == 200, page.get_text()
        return browser

    yield enter
    for browser in browsers:
        await browser.close()
