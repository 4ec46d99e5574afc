"""Workspaces and profiles for tests, as the API server returns them."""

import copy

PYTHON = {
    "apiVersion": "atoll.dev/v1alpha1",
    "kind": "Profile",
    "metadata": {"name": "python"},
    "spec": {
        "displayName": "Python",
        "description": "JupyterLab & pandas",
        "image": "docker.io/atoll/notebook:0.1.0",
        "sizes": [
            {
                "name": "small",
                "displayName": "Small",
                "cpu": {"guarantee": "100m", "limit": "1"},
                "memory": {"guarantee": "256Mi", "limit": "1Gi"},
            },
            {
                "name": "large",
                "default": True,
                "cpu": {"guarantee": "500m", "limit": "2"},
                "memory": {"guarantee": "1Gi", "limit": "1.5Gi"},
            },
        ],
        "env": [{"name": "GREETING", "value": "{username} $(HOME)"}, {"name": "JUPYTERHUB_USER", "value": "mallory"}],
        "packages": ["pandas==2.3.3"],
    },
}

GPU = {
    "apiVersion": "atoll.dev/v1alpha1",
    "kind": "Profile",
    "metadata": {"name": "gpu"},
    "spec": {
        "displayName": "GPU",
        "image": "docker.io/atoll/notebook:0.1.0",
        "sizes": [
            {
                "name": "one",
                "cpu": {"guarantee": "1", "limit": "4"},
                "memory": {"guarantee": "4Gi", "limit": "8Gi"},
                "gpu": {"count": 1},
            }
        ],
        "nodePool": {
            "nodeSelector": {"pool": "gpu"},
            "tolerations": [{"key": "gpu", "effect": "NoSchedule"}],
        },
    },
}


def profile(base, **spec):
    obj = copy.deepcopy(base)
    obj["spec"] |= spec
    return obj


def workspace(name, *, ready=True, **spec):
    """A workspace owned by olga that allows the python profile."""
    return {
        "apiVersion": "atoll.dev/v1alpha1",
        "kind": "Workspace",
        "metadata": {"name": name},
        "spec": {
            "displayName": name.capitalize(),
            "owner": "olga",
            "profiles": ["python"],
            "quota": {"cpu": "8", "memory": "16Gi", "storage": "100Gi", "servers": 2},
            "home": {"size": "1Gi"},
            "culling": {"idleAfter": "30m"},
        }
        | spec,
        "status": {"namespace": f"ws-{name}"} if ready else {},
    }


def user(name, role="Member"):
    return {"kind": "User", "name": name, "role": role}


def group(name, role="Member"):
    return {"kind": "Group", "name": name, "role": role}
