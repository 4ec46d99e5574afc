import json

import pytest

from atoll_hub.refusal import from_api


def status(message):
    return json.dumps({"kind": "Status", "message": message})


@pytest.mark.parametrize(
    ("code", "body", "want", "says"),
    [
        (
            403,
            status(
                'pods "notebook-ada" is forbidden: exceeded quota: workspace, requested: limits.cpu=2,pods=1, '
                "used: limits.cpu=7,pods=2, limited: limits.cpu=8,pods=2"
            ),
            403,
            [
                "Fraud",
                "CPU (limits, in cores): 7 of 8 in use, and this needs 2 more",
                "servers: 2 of 2 in use, and this needs 1 more",
            ],
        ),
        (
            403,
            status(
                'persistentvolumeclaims "home-bob" is forbidden: exceeded quota: workspace, '
                "requested: requests.storage=10Gi, used: requests.storage=95Gi, limited: requests.storage=100Gi"
            ),
            403,
            ["storage: 95Gi of 100Gi in use, and this needs 10Gi more"],
        ),
        (
            403,
            status('pods "x" is forbidden: [maximum cpu usage per Container is 4, but limit is 8]'),
            403,
            ["needs 8 of cpu", "at most 4"],
        ),
        (403, status('pods "x" is forbidden: User cannot create'), 503, ["User cannot create", "platform team"]),
        (404, status('namespaces "ws-fraud" not found'), 503, ["still being prepared"]),
        (500, b"boom", 503, ["boom"]),
        (500, None, 503, ["no reason was given"]),
    ],
)
def test_from_api(code, body, want, says):
    refused = from_api(code, body, "Fraud")
    assert refused.status_code == want
    for words in says:
        assert words in refused.jupyterhub_message
