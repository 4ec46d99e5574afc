"""JupyterHub's configuration, derived from hub.yaml and the mounted secrets."""

import logging
from pathlib import Path

from traitlets.config import Config

from . import culler, discovery, waits
from .auth import OidcAuthenticator
from .settings import Settings, seconds
from .spawner import WorkspaceSpawner

HOME = "/home/atoll"
PACKAGE = Path(__file__).parent

_UID, _GID = 1000, 100
# How long the hub waits for the identity provider before it exits and is started again.
_IDP_PATIENCE_SECONDS = 240


def configure(c: Config, settings: Settings, log: logging.Logger) -> None:
    """Fills in JupyterHub's configuration; waits until the identity provider answers."""
    _hub(c, settings)
    _proxy(c, settings)
    _pages(c)
    spawner_settings(c, settings)
    _sign_in(c, settings, discovery.discover(settings.oidc.issuer_text, _IDP_PATIENCE_SECONDS, log))
    _keeper(c, settings)


def _hub(c: Config, settings: Settings) -> None:
    hub = c.JupyterHub
    hub.hub_bind_url = f"http://0.0.0.0:{settings.port}/hub/"
    hub.hub_connect_url = str(settings.servers.hubURL).rstrip("/")
    hub.bind_url = f"http://0.0.0.0:8000{settings.url.path or '/'}"
    hub.public_url = settings.public_url + "/"
    hub.db_url = settings.database_url
    hub.upgrade_db = True
    hub.cookie_secret = settings.key("cookie-secret")
    hub.cookie_max_age_days = 1
    hub.authenticate_prometheus = False
    hub.allow_named_servers = True
    hub.default_url = "/hub/home"
    # Servers and routes outlive the hub: a new hub finds them again.
    hub.cleanup_servers = False
    hub.cleanup_proxy = False
    # One server that does not answer holds nobody else up: it is looked for while the hub serves.
    hub.init_spawners_timeout = 10
    hub.concurrent_spawn_limit = 64


def _proxy(c: Config, settings: Settings) -> None:
    c.JupyterHub.proxy_class = "configurable-http-proxy"
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = str(settings.proxyAPI).rstrip("/")
    c.ConfigurableHTTPProxy.auth_token = settings.secret("proxy-auth-token")
    # A proxy that was started anew gets its routes back at the next check.
    c.JupyterHub.last_activity_interval = 60


def _pages(c: Config) -> None:
    c.JupyterHub.template_paths = [str(PACKAGE / "templates")]
    c.JupyterHub.logo_file = str(PACKAGE / "static" / "logo.svg")


def spawner_settings(c: Config, settings: Settings) -> None:
    """What every server has, whatever its profile: identity, security, home and placement."""
    c.JupyterHub.spawner_class = WorkspaceSpawner
    waits.shorten()
    spawner = c.WorkspaceSpawner
    spawner.placement = settings.servers.placement
    spawner.default_storage_class = settings.servers.storageClassName
    spawner.priority_class_name = settings.servers.priorityClassName
    spawner.start_timeout = seconds(settings.servers.startTimeout)
    spawner.http_timeout = 120
    spawner.cmd = ["jupyterhub-singleuser"]
    spawner.default_url = "/lab"
    spawner.working_dir = HOME
    spawner.notebook_dir = HOME
    spawner.port = 8888
    spawner.image_pull_policy = "IfNotPresent"
    spawner.delete_grace_period = 10
    # The token of the person's ServiceAccount is mounted: what it may do is for RBAC in the workspace to say.
    spawner.automount_service_account_token = True
    spawner.uid, spawner.gid, spawner.fs_gid = _UID, _GID, _GID
    spawner.allow_privilege_escalation = False
    spawner.container_security_context = {"capabilities": {"drop": ["ALL"]}}
    spawner.pod_security_context = {
        "runAsNonRoot": True,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    spawner.storage_pvc_ensure = True
    spawner.remember_pvc_name = False
    spawner.storage_access_modes = ["ReadWriteOnce"]
    spawner.volumes = {
        "home": {"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}},
    }
    spawner.volume_mounts = {"home": {"name": "home", "mountPath": HOME}}
    if settings.dataAccess:
        spawner.data_access = settings.dataAccess.model_dump()
    if settings.trino:
        spawner.trino = {"url": str(settings.trino.url).rstrip("/"), "authority": str(settings.trino.authority)}
    for reflector in (c.PodReflector, c.EventReflector):
        # One watch serves all workspaces; it is listed anew each minute and not every ten seconds.
        reflector.timeout_seconds = 60
        reflector.restart_seconds = 60
        reflector.request_timeout = 90


def _sign_in(c: Config, settings: Settings, provider: discovery.Provider) -> None:
    c.JupyterHub.authenticator_class = OidcAuthenticator
    c.CryptKeeper.keys = [settings.key("crypt-key")]
    sign_in = c.OidcAuthenticator
    sign_in.login_service = "single sign-on"
    sign_in.client_id = settings.oidc.clientID
    sign_in.client_secret = settings.secret("client-secret")
    sign_in.oauth_callback_url = f"{settings.public_url}/hub/oauth_callback"
    sign_in.authorize_url = provider.authorize_url
    sign_in.token_url = provider.token_url
    sign_in.userdata_url = provider.userinfo_url
    sign_in.end_session_url = provider.end_session_url
    sign_in.after_logout_url = f"{settings.public_url}/hub/login"
    sign_in.enable_pkce = True
    sign_in.scope = settings.oidc.scopes
    sign_in.username_claim = settings.oidc.usernameClaim
    sign_in.allow_all = True
    sign_in.enable_auth_state = True
    sign_in.manage_groups = True
    groups = settings.oidc.groupsClaim
    # A person without groups is no error: some providers leave the claim out then.
    sign_in.auth_state_groups_key = lambda state: (state.get("oauth_user") or {}).get(groups) or []
    sign_in.auth_refresh_age = seconds(settings.oidc.refreshAfter)
    sign_in.refresh_pre_spawn = True
    if settings.oidc.adminGroup:
        sign_in.admin_groups = {settings.oidc.adminGroup}


def _keeper(c: Config, settings: Settings) -> None:
    c.Hub.culling_enabled = settings.culling.enabled
    c.Hub.look_every = seconds(settings.culling.every)
    c.Hub.unknown_after = seconds(settings.culling.unknownAfter)
    c.Hub.trust_groups_for = seconds(settings.oidc.trustGroupsFor)
    # In its name the hub makes tokens that open one server each, to ask the server what goes on in it.
    c.JupyterHub.services = [{"name": culler.SERVICE}]
    c.JupyterHub.load_roles = [
        {
            "name": culler.SERVICE,
            # The second is JupyterHub's way to say who a token is.
            "scopes": ["access:servers", f"read:services:name!service={culler.SERVICE}"],
            "services": [culler.SERVICE],
        },
    ]
