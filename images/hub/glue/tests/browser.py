"""A person at a browser: cookies, forms, and the hub's API called from its pages."""

from urllib.parse import urlsplit

import aiohttp
from bs4 import BeautifulSoup


class Browser:
    def __init__(self, hub_url: str):
        self.hub = hub_url
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.at = ""

    async def close(self):
        await self.session.close()

    async def open(self, path: str) -> tuple[int, BeautifulSoup]:
        async with self.session.get(self.hub + path, headers={"Accept": "text/html"}) as response:
            self.at = urlsplit(str(response.url)).path
            return response.status, BeautifulSoup(await response.text(), "html.parser")

    async def submit(self, page: BeautifulSoup, **changes: str) -> tuple[int, BeautifulSoup]:
        """Posts the page's form as the browser would, with some fields changed or added."""
        form = page.find(id="spawn_form")
        checked = {i["name"]: i["value"] for i in form.find_all("input") if i.has_attr("checked")}
        return await self.post(form["action"], checked | changes)

    async def post(self, path: str, fields: dict[str, str]) -> tuple[int, BeautifulSoup]:
        data = aiohttp.FormData()
        for name, value in fields.items():
            data.add_field(name, value)
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        # A redirect is not followed: it may lead to a server, and no proxy stands in front of the hub.
        async with self.session.post(self.hub + path, data=data, headers=headers, allow_redirects=False) as response:
            self.at = urlsplit(response.headers.get("Location", path)).path
            return response.status, BeautifulSoup(await response.text(), "html.parser")

    async def api(self, method: str, path: str, json=None) -> tuple[int, dict]:
        headers = {
            "X-XSRFToken": self.xsrf(),
            "Content-Type": "application/json",
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Mode": "cors",
        }
        url = f"{self.hub}/hub/api{path}"
        async with self.session.request(method, url, json=json, headers=headers) as response:
            body = await response.text()
            return response.status, await response.json() if body else {}

    def xsrf(self) -> str:
        cookies = {c.key: c.value for c in self.session.cookie_jar if c["path"].startswith("/hub")}
        return cookies.get("_xsrf", "")
