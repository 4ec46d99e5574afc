// The proxy as it ships, as a process of its own, between a client and a backend that the test plays.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

async function listening(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

async function freePort() {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  return port;
}

// start returns the address of a proxy before a backend, and its process.
async function start(t, backend) {
  const token = join(mkdtempSync(join(tmpdir(), "atoll-proxy-")), "token");
  writeFileSync(token, "of the test");
  const [port, api, metrics] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(process.execPath, ["start.js"], {
    env: {
      ...process.env,
      ATOLL_PROXY_HUB_URL: `http://127.0.0.1:${backend}`,
      ATOLL_PROXY_TOKEN_FILE: token,
      ATOLL_PROXY_HOST: "127.0.0.1",
      ATOLL_PROXY_PORT: port,
      ATOLL_PROXY_API_PORT: api,
      ATOLL_PROXY_METRICS_PORT: metrics,
    },
  });
  child.said = "";
  for (const out of [child.stdout, child.stderr]) {
    out.on("data", (text) => (child.said += text));
  }
  t.after(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}/_chp_healthz`;
  while (child.exitCode === null && !(await answers(url))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { child, port, url };
}

const answers = (url) =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

// between puts the proxy between clients and a backend that takes websockets and holds them open. Its ends of them are in opened.
async function between(t) {
  const backend = createServer();
  const opened = [];
  backend.on("upgrade", (_request, socket) => {
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.resume();
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    opened.push(socket);
  });
  t.after(() => {
    opened.forEach((socket) => socket.destroy());
    backend.close();
  });
  return { opened, ...(await start(t, await listening(backend))) };
}

// open opens a websocket through the proxy, and returns the client's end when it is open.
async function open(port) {
  const client = connect(port, "127.0.0.1");
  client.on("error", () => {});
  client.write("GET /user/ada/api/kernels/1/channels HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  const [answer] = await once(client, "data");
  assert.match(String(answer), /^HTTP\/1.1 101 /);
  return client;
}

test("a person whose connection is reset ends nobody else's", { timeout: 20_000 }, async (t) => {
  const { opened, child, port, url } = await between(t);

  const bob = await open(port);
  const ada = await open(port);
  const gone = once(opened[1], "close");
  ada.resetAndDestroy();
  await Promise.race([gone, once(child, "exit")]);

  assert.equal(child.exitCode, null, child.said);
  assert.ok(await answers(url), child.said);
  opened[0].write("still here");
  const [said] = await once(bob, "data");
  assert.equal(String(said), "still here");
  bob.destroy();
});

test("a server whose connection is reset ends nobody else's", { timeout: 20_000 }, async (t) => {
  const { opened, child, port, url } = await between(t);

  const ada = await open(port);
  const gone = once(ada, "close");
  opened[0].resetAndDestroy();
  await Promise.race([gone, once(child, "exit")]);

  assert.equal(child.exitCode, null, child.said);
  assert.ok(await answers(url), child.said);
});
