"""How often the hub looks whether a server has come up.

JupyterHub and KubeSpawner wait longer each time they look, with a random share of up to five seconds: somebody whose
pod runs after two seconds waits one or two more, for nothing. Both looks are cheap, one into the hub's own memory and
one HTTP request. Neither program has a setting for it.
"""

from functools import partial

import jupyterhub.utils
import kubespawner.spawner
from jupyterhub.utils import exponential_backoff

LONGEST_SECONDS = 0.4


def shorten() -> None:
    """From now on no wait between two looks is longer than LONGEST_SECONDS, for as long as a start may take."""
    often = partial(exponential_backoff, max_wait=LONGEST_SECONDS)
    kubespawner.spawner.exponential_backoff = often
    jupyterhub.utils.exponential_backoff = often
