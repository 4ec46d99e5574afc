"""How a server finds the object store, and credentials for it that are its person's.

The files are projected into the pod from its own annotations, beside a token of the person's ServiceAccount that is
good for nothing else. The operator does the same for runs (operator/controller/run/dataaccess.go).
"""

from kubernetes_asyncio import client

from . import annotations

FOLDER = "/run/atoll-data"
VARIABLES = {"AWS_CONFIG_FILE": f"{FOLDER}/config"}
AUDIENCE = "atoll.dev/data"

_VOLUME = "data-access"
_TOKEN_SECONDS = 3600
_FILES = {"config": annotations.DATA_CONFIG, "credentials.py": annotations.DATA_CREDENTIALS}


def add(pod: client.V1Pod, config: str, credentials: str) -> None:
    """Puts the configuration of AWS' SDKs, what they call for credentials, and the token for it into a server's pod."""
    pod.metadata.annotations |= {annotations.DATA_CONFIG: config, annotations.DATA_CREDENTIALS: credentials}
    token = client.V1ServiceAccountTokenProjection(audience=AUDIENCE, expiration_seconds=_TOKEN_SECONDS, path="token")
    files = client.V1DownwardAPIProjection(
        items=[
            client.V1DownwardAPIVolumeFile(
                path=path, field_ref=client.V1ObjectFieldSelector(field_path=f"metadata.annotations['{annotation}']")
            )
            for path, annotation in _FILES.items()
        ]
    )
    sources = [
        client.V1VolumeProjection(service_account_token=token),
        client.V1VolumeProjection(downward_api=files),
    ]
    pod.spec.volumes.append(client.V1Volume(name=_VOLUME, projected=client.V1ProjectedVolumeSource(sources=sources)))
    mount = client.V1VolumeMount(name=_VOLUME, mount_path=FOLDER, read_only=True)
    pod.spec.containers[0].volume_mounts.append(mount)
