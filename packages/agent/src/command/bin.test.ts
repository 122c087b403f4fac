/** The programs as people start them: real processes under Node's permission model. */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { refusalFor } from "../../bin/launch.js";

const bin = (name: string): string =>
  fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url));

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-agent-"));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly log: () => string;
}

const stateDir = (): string => join(folder, "state");

/** Starts a program and waits until it serves. */
async function start(
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
  node = process.execPath,
): Promise<Started> {
  const child = spawn(node, [bin(name), ...args], {
    env: { ...process.env, BELFRY_AGENT_STATE_DIR: stateDir(), ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  return new Promise((resolve, reject) => {
    child.stderr?.on("data", (piece: Buffer) => {
      log += piece.toString();
      const url = /serving (http:\S+)/.exec(log)?.[1];
      if (url !== undefined) resolve({ child, url, log: () => log });
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${log}`)));
  });
}

/** The code it ends with; fails when that takes longer than 5 s. */
async function stop({ child }: Started, signal: NodeJS.Signals = "SIGTERM"): Promise<unknown> {
  child.kill(signal);
  const [code] = await once(child, "exit", { signal: AbortSignal.timeout(5000) });
  return code;
}

/** The answer once there is one that is not 503. */
async function sampled(url: string): Promise<Response> {
  for (;;) {
    const response = await fetch(url);
    if (response.status !== 503) return response;
    await response.body?.cancel();
  }
}

/** A Node on this machine that is older than Belfry's, to be found on PATH. */
function olderNode(): string | undefined {
  for (const one of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(one, "node");
    if (!existsSync(path)) continue;
    const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const major = Number(/^v(\d+)\./.exec(stdout)?.[1]);
    if (major >= 18 && major < 26) return path;
  }
  return undefined;
}

const linux = process.platform === "linux" ? false : "needs /proc";

describe("system-stats-service", { timeout: 60_000 }, () => {
  it("serves by its variables, and stops when it is told to", { skip: linux }, async () => {
    const started = await start("system-stats-service", [], {
      SYSTEM_STATS_HOST: "127.0.0.1",
      SYSTEM_STATS_PORT: "0",
    });
    const view: unknown = await (await sampled(`${started.url}/system`)).json();
    assert.ok(typeof view === "object" && view !== null);
    assert.deepEqual(Object.keys(view), [
      "collected_at",
      "cpu",
      "load_avg",
      "memory",
      "swap",
      "disk",
      "disk_io",
      "network",
      "uptime",
      "system",
      "docker",
      "statix_client_version",
    ]);
    const snapshot: unknown = await (await fetch(`${started.url}/snapshot`)).json();
    assert.ok(typeof snapshot === "object" && snapshot !== null && "series" in snapshot);
    assert.ok(Array.isArray(snapshot.series) && snapshot.series.length > 0);
    const metrics = await (await fetch(`${started.url}/metrics`)).text();
    assert.match(metrics, /^node_load1 \d/m);
    assert.equal(await stop(started), 0);
    assert.match(started.log(), / info {2}stopped /);
  });

  const promtool = spawnSync("promtool", ["--version"]).error === undefined;
  const skip = linux || (promtool ? false : "promtool is not installed");
  it("has metrics that promtool takes as it takes node_exporter's", { skip }, async () => {
    const started = await start("belfry-agent", ["--listen", "127.0.0.1:0"]);
    await sampled(`${started.url}/system`);
    const input = await (await fetch(`${started.url}/metrics`)).text();
    const { stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input,
      encoding: "utf8",
    });
    assert.equal(await stop(started), 0);
    const complaints = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
    // Those are about names that node_exporter has given its metrics.
    assert.deepEqual(
      complaints.filter((line) => !/^node_\w+ /.test(line)),
      [],
    );
  });
});

describe("belfry-agent", { timeout: 60_000 }, () => {
  it("may write to its state folder alone, and start nothing", async () => {
    const probe = join(folder, "probe.mjs");
    await writeFile(
      probe,
      `import { spawnSync } from "node:child_process";
       import { writeFileSync } from "node:fs";
       import { Worker } from "node:worker_threads";
       const attempts = {
         inside: () => writeFileSync(${JSON.stringify(join(stateDir(), "inside"))}, ""),
         outside: () => writeFileSync(${JSON.stringify(join(folder, "outside"))}, ""),
         program: () => { const { error } = spawnSync("true"); if (error) throw error; },
         thread: () => new Worker("", { eval: true }),
       };
       if (process.permission) {
         for (const [name, attempt] of Object.entries(attempts)) {
           let result = "allowed";
           try { attempt(); } catch (error) { result = error.code; }
           process.stderr.write("probe " + name + " " + result + "\\n");
         }
       }`,
    );
    const started = await start("belfry-agent", ["--listen", "127.0.0.1:0"], {
      NODE_OPTIONS: `--import=${probe}`,
    });
    assert.equal(await stop(started, "SIGINT"), 0);
    assert.deepEqual(
      [...started.log().matchAll(/^probe (\w+ \w+)$/gm)].map(([, found]) => found),
      [
        "inside allowed",
        "outside ERR_ACCESS_DENIED",
        "program ERR_ACCESS_DENIED",
        "thread ERR_ACCESS_DENIED",
      ],
    );
    assert.equal(existsSync(join(folder, "outside")), false);
  });

  it("does not keep the module that strips types in memory", async () => {
    const probe = join(folder, "modules.mjs");
    await writeFile(
      probe,
      `process.on("exit", () => process.stderr.write("stripper " + process.moduleLoadList.some((name) => name.includes("amaro")) + "\\n"));`,
    );
    const started = await start("belfry-agent", ["--listen", "127.0.0.1:0"], {
      NODE_OPTIONS: `--import=${probe}`,
    });
    await stop(started);
    assert.match(started.log(), /stripper false\n$/);
  });

  const older = olderNode();
  it(
    "runs behind an older Node, which passes signals on",
    { skip: older === undefined ? "this machine has no older Node" : false },
    async () => {
      const started = await start("belfry-agent", ["--listen", "127.0.0.1:0"], {}, older);
      assert.equal((await fetch(`${started.url}/health`)).status, 200);
      assert.equal(await stop(started), 0);
    },
  );

  it("ends with 1 and one line where the port is taken", async () => {
    const started = await start("belfry-agent", ["--listen", "127.0.0.1:0"]);
    const { port } = new URL(started.url);
    const args = [bin("belfry-agent"), "--listen", `127.0.0.1:${port}`];
    const env = { ...process.env, BELFRY_AGENT_STATE_DIR: join(folder, "second") };
    const done = spawnSync(process.execPath, args, { encoding: "utf8", env });
    await stop(started);
    assert.equal(done.status, 1);
    assert.match(done.stderr, /^belfry-agent: .*EADDRINUSE.*$/m);
  });

  for (const [args, status, stdout, stderr] of [
    [["--version"], 0, /^belfry-agent \d+\.\d+\.\d+\n$/, /^$/],
    [["--help"], 0, /--hub URL/, /^$/],
    [["--fly"], 2, /^$/, /^belfry-agent: there is no option --fly\n$/],
    [["install", "--dry-run"], 0, /NoNewPrivileges=yes/, /^$/],
    [["status", "--x"], 2, /^$/, /^belfry-agent: status: takes no --x\n$/],
  ] as const) {
    it(`ends with ${status} for ${args.join(" ")}`, () => {
      const env = { ...process.env, BELFRY_AGENT_STATE_DIR: stateDir() };
      const done = spawnSync(process.execPath, [bin("belfry-agent"), ...args], {
        encoding: "utf8",
        env,
      });
      assert.match(done.stdout, stdout);
      assert.match(done.stderr, stderr);
      assert.equal(done.status, status);
    });
  }

  it("says that 32-bit systems are not supported", () => {
    for (const architecture of ["arm", "ia32"]) {
      assert.match(refusalFor(architecture) ?? "", /^32-bit systems are not supported/);
    }
    assert.equal(refusalFor("arm64"), undefined);
  });
});

describe("system-stats-forwarder", { timeout: 60_000 }, () => {
  it("runs with neither a state folder nor a right to write", async () => {
    const { STATE_DIRECTORY: _, ...env } = process.env;
    const child = spawn(process.execPath, [bin("system-stats-forwarder")], {
      env: { ...env, SYSTEM_STATS_URL: "http://127.0.0.1:9/system" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    for await (const piece of child.stderr) {
      log += String(piece);
      if (log.includes("Reading the source failed")) break;
    }
    child.kill("SIGTERM");
    const [code] = await once(child, "exit", { signal: AbortSignal.timeout(5000) });
    assert.equal(code, 0);
    assert.match(
      log,
      /forwarding http:\/\/127\.0\.0\.1:9\/system to http:\/\/127\.0\.0\.1:5050\/metrics/,
    );
    assert.match(log, /ECONNREFUSED/);
  });

  it("keeps on disk what a dead server does not take", { skip: linux }, async () => {
    const agent = await start("belfry-agent", ["--listen", "127.0.0.1:0"]);
    await sampled(`${agent.url}/system`);
    const buffer = join(folder, "buffer");
    const child = spawn(process.execPath, [bin("system-stats-forwarder")], {
      env: {
        ...process.env,
        SYSTEM_STATS_URL: `${agent.url}/system`,
        MONITORING_SERVER_METRICS_URL: "http://127.0.0.1:9/metrics",
        SYSTEM_STATS_FORWARD_BUFFER_DIR: buffer,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    for await (const piece of child.stderr) {
      log += String(piece);
      if (log.includes("the sample is kept")) break;
    }
    child.kill("SIGTERM");
    const [code] = await once(child, "exit", { signal: AbortSignal.timeout(5000) });
    assert.equal(code, 0);
    assert.doesNotMatch(log, /cannot be kept/);
    await stop(agent);
    const journals = readdirSync(buffer, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith(".journal"));
    assert.equal(journals.length, 1);
    const [journal = ""] = journals;
    assert.match(readFileSync(join(buffer, journal), "utf8"), /^\+ 1 \d+ \S+\n/);
  });
});
