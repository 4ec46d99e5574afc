import jupyterhub.utils
import kubespawner.spawner
import pytest
from conftest import free_port

from atoll_hub import waits


@pytest.fixture
def limits(monkeypatch):
    """The longest that each wait could have taken; none of them is waited for."""
    found = []

    def uniform(low, high):
        if low:
            # A deadline, and no wait.
            return high
        found.append(high)
        return 0

    monkeypatch.setattr(jupyterhub.utils.random, "uniform", uniform)
    for module in (jupyterhub.utils, kubespawner.spawner):
        monkeypatch.setattr(module, "exponential_backoff", jupyterhub.utils.exponential_backoff)
    waits.shorten()
    return found


async def test_a_pod_is_looked_for_often(limits):
    looks = iter([False] * 20 + [True])
    await kubespawner.spawner.exponential_backoff(lambda: next(looks), "", timeout=60)
    assert len(limits) == 20
    assert max(limits) == waits.LONGEST_SECONDS


async def test_a_server_is_asked_often_whether_it_answers(limits):
    with pytest.raises(TimeoutError):
        await jupyterhub.utils.wait_for_http_server(f"http://127.0.0.1:{free_port()}/", timeout=0.5)
    assert len(limits) > 4
    assert max(limits) == waits.LONGEST_SECONDS
