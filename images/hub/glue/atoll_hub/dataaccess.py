"""How a server finds the object store, and credentials for it that are its person's.

The files are projected into the pod from its own annotations, beside a token of the person's ServiceAccount that is
good for nothing else. The operator does the same for runs (operator/controller/run/dataaccess.go).
"""

from kubernetes_asyncio import client

from . import annotations, projecting

FOLDER = "/run/atoll-data"
VARIABLES = {"AWS_CONFIG_FILE": f"{FOLDER}/config"}
AUDIENCE = "atoll.dev/data"


def add(pod: client.V1Pod, config: str, credentials: str) -> None:
    """Puts the configuration of AWS' SDKs, what they call for credentials, and the token for it into a server's pod."""
    files = {
        "config": (annotations.DATA_CONFIG, config),
        "credentials.py": (annotations.DATA_CREDENTIALS, credentials),
    }
    projecting.add(pod, "data-access", FOLDER, AUDIENCE, files)
