"""Puts a folder into a server's pod: a token of the person's ServiceAccount for one audience, and files beside it."""

from collections.abc import Mapping

from kubernetes_asyncio import client

_TOKEN_SECONDS = 3600


def add(pod: client.V1Pod, volume: str, folder: str, audience: str, files: Mapping[str, tuple[str, str]]) -> None:
    """Adds the folder to the pod and its notebook; files by path, each the annotation it goes by and its text."""
    pod.metadata.annotations |= dict(files.values())
    token = client.V1ServiceAccountTokenProjection(audience=audience, expiration_seconds=_TOKEN_SECONDS, path="token")
    items = [
        client.V1DownwardAPIVolumeFile(
            path=path, field_ref=client.V1ObjectFieldSelector(field_path=f"metadata.annotations['{annotation}']")
        )
        for path, (annotation, _) in files.items()
    ]
    sources = [
        client.V1VolumeProjection(service_account_token=token),
        client.V1VolumeProjection(downward_api=client.V1DownwardAPIProjection(items=items)),
    ]
    pod.spec.volumes.append(client.V1Volume(name=volume, projected=client.V1ProjectedVolumeSource(sources=sources)))
    mount = client.V1VolumeMount(name=volume, mount_path=folder, read_only=True)
    pod.spec.containers[0].volume_mounts.append(mount)
