"""How a server finds Trino, and a token by which Trino knows its person.

The token is of the person's ServiceAccount and good for nothing else. It lies beside the certificate that signed
Trino's, which is projected from an annotation of the pod. The operator does the same for runs
(operator/controller/run/queries.go).
"""

from pathlib import Path

from kubernetes_asyncio import client

from . import annotations, projecting

FOLDER = "/run/atoll-trino"
AUDIENCE = "trino"


def variables(url: str) -> dict[str, str]:
    """What the notebook's Trino client reads besides the files."""
    return {"ATOLL_TRINO_URL": url}


def add(pod: client.V1Pod, authority: Path) -> None:
    """Puts the certificate of Trino's authority, which is in a file, and the token for Trino into a server's pod."""
    projecting.add(pod, "trino", FOLDER, AUDIENCE, {"ca.crt": (annotations.TRINO_AUTHORITY, authority.read_text())})
