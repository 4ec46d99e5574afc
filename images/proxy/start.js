// Starts configurable-http-proxy: the public port, the API through which the hub sets routes, and metrics.
//
// The API's token is read from a file, so that it stands neither in the arguments nor in the environment of the
// process. Without a token the proxy refuses to start, because anyone could then redirect people's traffic.
import { readFileSync } from "node:fs";

import ConfigurableProxy from "configurable-http-proxy";

const env = (name, fallback) => process.env[name] || fallback;

function readToken(file) {
  let token = "";
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (err) {
    fail(`reading the token of the proxy's API from ${file}: ${err.message}`);
  }
  if (token === "") {
    fail(`reading the token of the proxy's API from ${file}: the file is empty`);
  }
  return token;
}

function fail(message) {
  console.error(`atoll-proxy: ${message}; mount the key proxy-auth-token of the Secret hub-secrets there`);
  process.exit(1);
}

const hub = env("ATOLL_PROXY_HUB_URL", "http://hub:8081");
const proxy = new ConfigurableProxy({
  authToken: readToken(env("ATOLL_PROXY_TOKEN_FILE", "/etc/atoll/secrets/proxy-auth-token")),
  defaultTarget: hub,
  errorTarget: `${hub}/hub/error`,
  enableMetrics: true,
  xfwd: true,
  prependPath: true,
  includePrefix: true,
});

// A client's websocket that is reset is told here, and where nobody listens the library ends the process, with the connections of
// everybody. The connection itself is gone by then.
proxy.proxy.on("error", (err, req) => {
  proxy.log.info("%s %s: the client's connection broke: %s", req?.method, req?.url?.split("?")[0], err.message);
});

const host = env("ATOLL_PROXY_HOST", "");
const servers = [
  [proxy.proxyServer, Number(env("ATOLL_PROXY_PORT", 8000))],
  [proxy.apiServer, Number(env("ATOLL_PROXY_API_PORT", 8001))],
  [proxy.metricsServer, Number(env("ATOLL_PROXY_METRICS_PORT", 8002))],
];
for (const [server, port] of servers) {
  server.on("error", (err) => {
    console.error(`atoll-proxy: listening on port ${port}: ${err.message}`);
    process.exit(1);
  });
  server.listen(port, host);
}

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => process.exit(0));
}
