"""How a server finds Trino, and a token by which Trino knows its person.

The token is of the person's ServiceAccount and good for nothing else. It lies beside the certificate that signed
Trino's, which is projected from an annotation of the pod. The operator does the same for runs
(operator/controller/run/queries.go).
"""

from pathlib import Path

from kubernetes_asyncio import client

from . import annotations

FOLDER = "/run/atoll-trino"
AUDIENCE = "trino"

_VOLUME = "trino"
_TOKEN_SECONDS = 3600


def variables(url: str) -> dict[str, str]:
    """What the notebook's Trino client reads besides the files."""
    return {"ATOLL_TRINO_URL": url}


def add(pod: client.V1Pod, authority: Path) -> None:
    """Puts the certificate of Trino's authority, which is in a file, and the token for Trino into a server's pod."""
    pod.metadata.annotations |= {annotations.TRINO_AUTHORITY: authority.read_text()}
    token = client.V1ServiceAccountTokenProjection(audience=AUDIENCE, expiration_seconds=_TOKEN_SECONDS, path="token")
    field = client.V1ObjectFieldSelector(field_path=f"metadata.annotations['{annotations.TRINO_AUTHORITY}']")
    certificate = client.V1DownwardAPIProjection(items=[client.V1DownwardAPIVolumeFile(path="ca.crt", field_ref=field)])
    sources = [
        client.V1VolumeProjection(service_account_token=token),
        client.V1VolumeProjection(downward_api=certificate),
    ]
    pod.spec.volumes.append(client.V1Volume(name=_VOLUME, projected=client.V1ProjectedVolumeSource(sources=sources)))
    mount = client.V1VolumeMount(name=_VOLUME, mount_path=FOLDER, read_only=True)
    pod.spec.containers[0].volume_mounts.append(mount)
