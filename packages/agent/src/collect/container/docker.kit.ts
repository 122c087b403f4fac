/**
 * A small engine for tests, where no Docker runs: an HTTP server on a unix socket that answers as the documented API does
 * (Docker Engine API 1.47). It is strict: other methods, paths and queries than the documented ones get the documented
 * error and are noted as complaints.
 */
import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";

export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly status: string;
  readonly ports?: readonly object[];
  readonly restarts?: number;
  readonly memoryLimit?: number;
  /** Body of `stats`; null: it never answers; absent: 404, as for one that was removed just now. */
  readonly stats?: object | null;
}

export interface FakeEngine extends AsyncDisposable {
  containers: readonly FakeContainer[];
  /** Answers nothing at all. */
  isHanging: boolean;
  /** Status of every answer; 200: as it should be. */
  status: number;
  readonly requests: string[];
  readonly complaints: string[];
}

export async function startEngine(path: string, podman = false): Promise<FakeEngine> {
  const server = createServer((request, response) => {
    const { method, url = "", headers } = request;
    engine.requests.push(`${method} ${url}`);
    if (headers.host === undefined) engine.complaints.push("no host header");
    if (podman) response.setHeader("Libpod-API-Version", "5.2.2");
    if (engine.isHanging) return;
    if (method !== "GET") reply(response, 405, { message: "method not allowed" });
    else if (engine.status !== 200) reply(response, engine.status, { message: "server error" });
    else answer(engine, url, response);
  });
  const engine: FakeEngine = {
    containers: [],
    isHanging: false,
    status: 200,
    requests: [],
    complaints: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  server.listen(path);
  await once(server, "listening");
  return engine;
}

function answer(engine: FakeEngine, url: string, response: ServerResponse): void {
  if (url === "/containers/json?all=1") return reply(response, 200, engine.containers.map(listed));
  const [, id, what] = /^\/containers\/([0-9a-f]{64})\/(.+)$/.exec(url) ?? [];
  const found = engine.containers.find((one) => one.id === id);
  if (what !== "json" && what !== "stats?stream=false&one-shot=true") {
    engine.complaints.push(`unknown request ${url}`);
    return reply(response, 400, { message: "bad parameter" });
  }
  if (found === undefined || (what !== "json" && found.stats === undefined))
    return reply(response, 404, { message: `No such container: ${id}` });
  if (what === "json") return reply(response, 200, inspected(found));
  if (found.stats !== null) reply(response, 200, found.stats);
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function listed({ id, name, image, state, status, ports = [] }: FakeContainer): object {
  return {
    Id: id,
    Names: [`/${name}`],
    Image: image,
    ImageID: `sha256:${id}`,
    Command: "/entrypoint",
    Created: 1_795_000_000,
    Ports: ports,
    Labels: {},
    State: state,
    Status: status,
    HostConfig: { NetworkMode: "bridge" },
  };
}

function inspected({ id, name, state, restarts = 0, memoryLimit = 0 }: FakeContainer): object {
  return {
    Id: id,
    Name: `/${name}`,
    RestartCount: restarts,
    State: { Status: state, StartedAt: "2026-11-21T10:00:00.5Z" },
    HostConfig: { Memory: memoryLimit },
  };
}
