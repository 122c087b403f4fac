import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, unlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { container, createContainerSpec } from "./container.ts";
import { parseInspection, parseList, parseStats } from "./container/answer.ts";
import { startEngine, type FakeContainer } from "./container/docker.kit.ts";
import { fileTree, recorded, type FileTree } from "./file-tree.kit.ts";

const stats: Record<string, unknown> = JSON.parse(recorded("container/stats-cgroup-v2.json"));

function statsAt(read: string, cpuSeconds: number): object {
  return { ...stats, read, cpu_stats: { cpu_usage: { total_usage: cpuSeconds * 1e9 } } };
}

const id = "a1b2c3d4e5f6".padEnd(64, "0");
const web: FakeContainer = {
  id,
  name: "web",
  image: "nginx:1.27",
  state: "running",
  status: "Up 2 hours (healthy)",
  ports: [
    { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    { PrivatePort: 443, Type: "tcp" },
  ],
  restarts: 2,
  memoryLimit: 536_870_912,
  stats,
};
const old: FakeContainer = {
  id: "f".repeat(64),
  name: "old\u001b",
  image: "job",
  state: "exited",
  status: "Exited (0) 3 days ago",
};

function socketIn(tree: FileTree, path = "run/docker.sock"): string {
  mkdirSync(join(tree.root, path, ".."), { recursive: true });
  return join(tree.root, path);
}

test("a running container has cadvisor's series, a stopped one is listed", async () => {
  using tree = fileTree();
  await using engine = await startEngine(socketIn(tree));
  engine.containers = [web, old];
  using trial = new Trial(container, tree.root);
  const values = await trial.round();
  const labels = 'id="a1b2c3d4e5f6",name="web",image="nginx:1.27"';
  assert.deepEqual(values, {
    'belfry_containers{state="running"}': 1,
    'belfry_containers{state="exited"}': 1,
    [`container_last_seen{${labels}}`]: trial.now / 1000,
    [`container_start_time_seconds{${labels}}`]: Date.UTC(2026, 10, 21, 10) / 1000 + 0.5,
    [`container_cpu_usage_seconds_total{${labels}}`]: 90,
    [`container_cpu_cfs_throttled_seconds_total{${labels}}`]: 1.5,
    [`container_memory_usage_bytes{${labels}}`]: 209_715_200,
    [`container_memory_working_set_bytes{${labels}}`]: 200_000_000,
    [`container_spec_memory_limit_bytes{${labels}}`]: 536_870_912,
    [`container_processes{${labels}}`]: 27,
    [`container_fs_reads_bytes_total{${labels}}`]: 1_049_600,
    [`container_fs_writes_bytes_total{${labels}}`]: 4_096,
    [`belfry_container_restarts{${labels}}`]: 2,
    [`belfry_container_healthy{${labels}}`]: 1,
    [`container_network_receive_bytes_total{${labels},interface="eth0"}`]: 5_338,
    [`container_network_transmit_bytes_total{${labels},interface="eth0"}`]: 648,
    [`container_network_receive_errors_total{${labels},interface="eth0"}`]: 2,
    [`container_network_transmit_errors_total{${labels},interface="eth0"}`]: 0,
  });
  assert.deepEqual(trial.facts.containers, {
    engine: "docker",
    total: 2,
    running: 1,
    list: [
      {
        id: "a1b2c3d4e5f6",
        name: "web",
        image: "nginx:1.27",
        state: "running",
        status: "Up 2 hours (healthy)",
        health: "healthy",
        ports: "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp",
        restarts: 2,
        memory_bytes: 200_000_000,
        memory_limit_bytes: 536_870_912,
      },
      { id: "ffffffffffff", name: "old", image: "job", state: "exited", status: old.status },
    ],
  });
  assert.deepEqual(engine.complaints, []);
});

test("CPU is the difference by the engine's clock; counters that go back begin anew", async () => {
  using tree = fileTree();
  await using engine = await startEngine(socketIn(tree));
  using trial = new Trial(container, tree.root);
  const cores = async (read: string, cpuSeconds: number): Promise<number | undefined> => {
    engine.containers = [{ ...web, stats: statsAt(read, cpuSeconds) }];
    await trial.round();
    return trial.facts.containers?.list[0]?.cpu_cores;
  };
  assert.equal(await cores("2026-11-21T12:00:00.000000000Z", 90), undefined);
  assert.equal(await cores("2026-11-21T12:00:15.000000000Z", 120), 2);
  assert.equal(engine.requests.filter((one) => one === `GET /containers/${id}/json`).length, 1);
  assert.equal(await cores("2026-11-21T12:00:30.000000000Z", 1), undefined);
  assert.equal(
    engine.requests.filter((one) => one === `GET /containers/${id}/json`).length,
    2,
    "a restart is looked into",
  );
  assert.equal(await cores("2026-11-21T12:00:45.000000000Z", 4), 0.2);
});

test("Podman is known by its header and its own socket", async () => {
  using tree = fileTree();
  await using engine = await startEngine(socketIn(tree, "run/podman/podman.sock"), true);
  engine.containers = [web];
  using trial = new Trial(container, tree.root);
  await trial.round();
  assert.equal(trial.facts.containers?.engine, "podman");
});

test("no socket: containers are absent", async () => {
  using tree = fileTree();
  using trial = new Trial(container, tree.root);
  assert.deepEqual(await trial.round(), {});
  assert.equal(trial.facts.containers, undefined);
});

test("a socket this user may not use: permission_denied", async () => {
  using tree = fileTree();
  const path = socketIn(tree);
  await using _engine = await startEngine(path);
  chmodSync(tree.root, 0o755);
  chmodSync(path, 0o600);
  const isRoot = process.geteuid?.() === 0;
  // The superuser may use every socket; as nobody for the time of one round.
  if (isRoot) process.seteuid?.(65_534);
  else chmodSync(path, 0o000);
  try {
    using trial = new Trial(container, tree.root);
    assert.deepEqual(await trial.round(), {});
    assert.equal(trial.facts.containers?.error, "permission_denied");
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

const short = createContainerSpec({ requestMs: 100, roundMs: 250 });

test("an engine that hangs is a time-out, and is asked again", async () => {
  using tree = fileTree();
  await using engine = await startEngine(socketIn(tree));
  engine.containers = [web];
  engine.isHanging = true;
  using trial = new Trial(short, tree.root);
  assert.deepEqual(await trial.round(), {});
  assert.equal(trial.facts.containers?.error, "timeout");
  engine.isHanging = false;
  await trial.round();
  assert.equal(trial.facts.containers?.error, undefined);
  assert.equal(trial.facts.containers?.running, 1);
});

test("containers that do not answer, or are gone, leave the others as they are", async () => {
  using tree = fileTree();
  await using engine = await startEngine(socketIn(tree));
  const { stats: _, ...gone } = { ...web, id: "b".repeat(64), name: "gone" };
  const stuck = Array.from({ length: 9 }, (_, index) => ({
    ...web,
    id: String(index).repeat(64),
    name: `stuck-${index}`,
    stats: null,
  }));
  engine.containers = [web, gone, ...stuck];
  using trial = new Trial(short, tree.root);
  const startedAt = performance.now();
  await trial.round();
  assert.ok(performance.now() - startedAt < 5_000, "the round has a limit");
  const list = trial.facts.containers?.list ?? [];
  assert.equal(list.length, 11);
  assert.deepEqual(
    list.filter((one) => one.memory_bytes !== undefined).map(({ name }) => name),
    ["web"],
  );
});

test("an engine that went away leaves its socket: not_running", async () => {
  using tree = fileTree();
  // A listening socket that is closed without its name being removed, as a killed engine leaves it.
  const path = socketIn(tree);
  const server = createServer().listen(path);
  await new Promise((resolve) => server.once("listening", resolve));
  linkSync(path, `${path}.kept`);
  await new Promise((resolve) => server.close(resolve));
  linkSync(`${path}.kept`, path);
  unlinkSync(`${path}.kept`);
  using trial = new Trial(short, tree.root);
  assert.deepEqual(await trial.round(), {});
  assert.equal(trial.facts.containers?.error, "not_running");
});

test("an engine that answers with an error is a fault that is logged, and said on the fact sheet", async () => {
  using tree = fileTree();
  await using engine = await startEngine(socketIn(tree));
  engine.status = 500;
  using trial = new Trial(short, tree.root);
  await assert.rejects(trial.round(), {
    message: "container engine: expected status 200, found 500",
  });
  assert.equal(trial.facts.containers?.error, "unknown");
});

test("figures of control groups of version 1", () => {
  const found = parseStats(JSON.parse(recorded("container/stats-cgroup-v1.json")));
  assert.deepEqual(found, {
    readAt: Date.parse("2026-11-21T12:00:00.250Z"),
    cpuSeconds: 2,
    throttledSeconds: undefined,
    memoryBytes: 1_000,
    workingSetBytes: 600,
    processes: 3,
    readBytes: 100,
    writtenBytes: 200,
    interfaces: [],
  });
});

for (const body of [null, 7, "x", [], {}, [null], [{ Id: 7 }], [{ Id: "../../etc" }], { Id: "a" }])
  test(`nonsense is no container: ${JSON.stringify(body)}`, () => {
    assert.deepEqual(parseList(body), []);
    assert.equal(parseStats(body).cpuSeconds, undefined);
    assert.equal(parseInspection(body).restarts, undefined);
  });
