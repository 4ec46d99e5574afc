"""What a person does in their server: cells, terminals, files. It speaks to the server as their browser does."""

import asyncio
import json
import uuid
from urllib.parse import urlsplit

import aiohttp


class Notebook:
    def __init__(self, spawner):
        self._url = spawner.server.url.rstrip("/")
        self._session = aiohttp.ClientSession(headers={"Authorization": f"token {spawner.api_token}"})

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self._session.close()

    async def call(self, method, path, body=None):
        async with self._session.request(method, f"{self._url}/api/{path}", json=body) as response:
            text = await response.text()
            assert response.status < 400, f"{method} {path}: {response.status} {text}"
            return json.loads(text) if text else None

    def _socket(self, path):
        parts = urlsplit(self._url)
        return self._session.ws_connect(f"ws://{parts.netloc}{parts.path}/{path}")

    async def run(self, code, wait=True):
        """Runs a cell; without waiting, it goes on while nobody listens."""
        kernel = await self.call("POST", "kernels", {"name": "python3"})
        message = {
            "header": {
                "msg_id": uuid.uuid4().hex,
                "msg_type": "execute_request",
                "session": uuid.uuid4().hex,
                "username": "",
                "date": "2026-01-01T00:00:00Z",
                "version": "5.3",
            },
            "parent_header": {},
            "metadata": {},
            "content": {"code": code, "silent": False, "store_history": True, "allow_stdin": False},
            "channel": "shell",
            "buffers": [],
        }
        async with self._socket(f"api/kernels/{kernel['id']}/channels") as socket, asyncio.timeout(60):
            await socket.send_str(json.dumps(message))
            async for answer in socket:
                said = json.loads(answer.data)
                if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                    continue
                state = said["content"].get("execution_state")
                if (state == "busy" and not wait) or state == "idle":
                    return

    async def type(self, line):
        """Types a line into a new terminal and returns the terminal's name once the shell has read it."""
        terminal = await self.call("POST", "terminals")
        async with self._socket(f"terminals/websocket/{terminal['name']}") as socket, asyncio.timeout(60):
            await socket.send_str(json.dumps(["stdin", f"{line}\r"]))
            seen = ""
            async for answer in socket:
                kind, *rest = json.loads(answer.data)
                seen += rest[0] if kind == "stdout" else ""
                if line[:20] in seen:
                    break
        return terminal["name"]
