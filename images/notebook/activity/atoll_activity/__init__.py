"""A Jupyter server extension that tells the hub what goes on in a notebook server.

GET <server>/api/atoll/activity answers, to whoever may open the server:

    {"version": 1, "lastActivity": <RFC 3339>,
     "kernels": {"total": 2, "busy": 1},
     "terminals": [{"name": "1", "lastActivity": <RFC 3339>}],
     "jobs": [{"pid": 42, "command": "python train.py", "origin": "terminal"}],
     "home": {"used": 1073741824, "size": 10737418240, "enforced": false, "complete": true}}

Asking is not activity. Fields are added, never renamed.
"""

from pathlib import Path

from .handlers import extension_settings, handlers


def _jupyter_server_extension_points():
    return [{"module": "atoll_activity"}]


def _load_jupyter_server_extension(serverapp):
    app = serverapp.web_app
    app.settings |= extension_settings(Path(serverapp.root_dir))
    app.add_handlers(".*$", handlers(app.settings["base_url"]))
    serverapp.log.info("Atoll's hub can ask what goes on in this server")
