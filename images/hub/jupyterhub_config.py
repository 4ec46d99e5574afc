"""JupyterHub's configuration file: everything in it comes from hub.yaml, read by atoll_hub."""

import logging
import os
from pathlib import Path

from atoll_hub import settings
from atoll_hub.config import configure

configure(
    get_config(),  # noqa: F821 (JupyterHub defines it)
    settings.load(Path(os.environ.get("ATOLL_HUB_CONFIG", "/etc/atoll/hub.yaml"))),
    logging.getLogger("atoll_hub"),
)
