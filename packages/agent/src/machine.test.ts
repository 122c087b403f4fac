/**
 * An agent's figures beside what the machine's own programs print at the same moment: `/proc`, free, df, top; at rest
 * and with a busy core. And beside node_exporter, series by series.
 *
 * What others do on the machine changes figures between two readings: each is read until a quiet moment, at most 20
 * times, and has to be between what was read before and after it.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { createAgent, type Agent } from "./agent.ts";
import type { CollectorSpec } from "./collect/collector.ts";
import { collectorsFor } from "./collect/registry.ts";
import { figuresOf, type Figures } from "./serve/figures.ts";
import { after } from "./send/timer.ts";

const skip = process.platform === "linux" ? false : "reads the files of a Linux kernel";

function has(command: string): boolean {
  return spawnSync(command, ["--version"]).error === undefined;
}

/** An agent of this machine that samples when it is told to. */
class Machine implements AsyncDisposable {
  readonly #agent: Agent;
  #tick: (() => void) | null = null;

  constructor(collectors: readonly CollectorSpec[]) {
    this.#agent = createAgent(
      {
        roots: { proc: "/proc", sys: "/sys", root: "" },
        diskPath: "/",
        topProcesses: 5,
        containerSocket: null,
        intervalMs: 3_600_000,
      },
      {
        clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
        log: { info: () => undefined, warn: () => undefined },
        collectors,
        after: (ms, run) => {
          // Its first timer is that of the first sample: the same is done again whenever a test wants one.
          this.#tick ??= run;
          return ms === 0 || ms > 20_000 ? { [Symbol.dispose]: () => undefined } : after(ms, run);
        },
      },
    );
  }

  sample(): Figures {
    this.#tick?.();
    assert.ok(this.#agent.latest !== null);
    return figuresOf(this.#agent.latest);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#agent[Symbol.asyncDispose]());
  }
}

const core = collectorsFor("linux").filter(({ pace }) => pace === "core");

/** Reads until `ours` lies between two readings of the same program. */
function between(what: string, theirs: () => number, ours: () => number | undefined): void {
  const seen: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    const first = theirs();
    const value = ours();
    const last = theirs();
    if (value !== undefined && value >= Math.min(first, last) && value <= Math.max(first, last)) {
      return;
    }
    seen.push(`${first} … ${value} … ${last}`);
  }
  assert.fail(`${what}: never between what was read before and after:\n${seen.join("\n")}`);
}

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
}

describe("an agent's figures agree with the machine's own", { skip }, () => {
  const stat = (name: string): number =>
    Number(new RegExp(`^${name} (\\d+)`, "m").exec(readFileSync("/proc/stat", "utf8"))?.[1]);
  const user = (): number => {
    const [, ticks] = /^cpu0 (\d+)/m.exec(readFileSync("/proc/stat", "utf8")) ?? [];
    return Number(ticks) / 100;
  };
  const ofCore0 = (figures: Figures): number | undefined =>
    figures
      .all("node_cpu_seconds_total")
      .find(({ labels }) => labels["cpu"] === "0" && labels["mode"] === "user")?.value;

  it("with /proc", async () => {
    await using machine = new Machine(core);
    between("cpu0 user", user, () => ofCore0(machine.sample()));
    for (const [line, metric] of [
      ["ctxt", "node_context_switches_total"],
      ["btime", "node_boot_time_seconds"],
      ["processes", "node_forks_total"],
      ["intr", "node_intr_total"],
    ] as const) {
      between(
        line,
        () => stat(line),
        () => machine.sample().one(metric),
      );
    }
    const load = (): number => Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
    between("load", load, () => machine.sample().one("node_load1"));
  });

  it("with free -b", { skip: has("free") ? false : "free is not installed" }, async () => {
    await using machine = new Machine(core);
    const free = (row: string, column: number) => (): number =>
      Number(new RegExp(`^${row}:.*`, "m").exec(output("free", "-b"))?.[0].split(/ +/)[column]);
    const memory = (name: string) => (): number | undefined =>
      machine.sample().one(`node_memory_${name}_bytes`);
    between("total", free("Mem", 1), memory("MemTotal"));
    between("free", free("Mem", 3), memory("MemFree"));
    between("available", free("Mem", 6), memory("MemAvailable"));
    between("swap", free("Swap", 1), memory("SwapTotal"));
  });

  it("with df -B1", { skip: has("df") ? false : "df is not installed" }, async () => {
    await using machine = new Machine(core);
    const df = (field: string) => (): number =>
      Number(output("df", "-B1", `--output=${field}`, "/").split("\n")[1]?.trim());
    const root = (name: string) => (): number | undefined =>
      machine
        .sample()
        .all(`node_filesystem_${name}`)
        .find(({ labels }) => labels["mountpoint"] === "/")?.value;
    if (root("size_bytes")() === undefined) return; // An overlay, in a container: left out as node_exporter does.
    between("size", df("size"), root("size_bytes"));
    between("available", df("avail"), root("avail_bytes"));
    between("inodes", df("itotal"), root("files"));
    between("free inodes", df("iavail"), root("files_free"));
    const percent = Number(output("df", "--output=pcent", "/").match(/(\d+)%/)?.[1]);
    const ratio = machine.sample().one("belfry_host_disk_used_ratio") ?? Number.NaN;
    assert.ok(Math.abs(ratio * 100 - percent) <= 1, `${ratio} and ${percent} %`);
  });

  it(
    "with top -b, with a busy core",
    { skip: has("top") ? false : "top is not installed" },
    async () => {
      await using machine = new Machine(core);
      // A worker of three seconds at most.
      const busy = spawn(process.execPath, [
        "-e",
        "const end = Date.now() + 3000; while (Date.now() < end);",
      ]);
      const exited = new Promise((resolve) => busy.once("exit", resolve));
      try {
        machine.sample();
        // Its second page is over the time since the first: the same two seconds as ours.
        const top = output("top", "-b", "-n2", "-d2");
        const ratio = machine.sample().one("belfry_host_cpu_ratio") ?? Number.NaN;
        const lines = [...top.matchAll(/^%Cpu\(s\):.*?([\d.]+) id,\s*([\d.]+) wa/gm)];
        const [, idle, wait] = lines[1] ?? [];
        const theirs = 1 - (Number(idle) + Number(wait)) / 100;
        // Starting top takes time that only we see.
        assert.ok(Math.abs(ratio - theirs) < 0.15, `ours ${ratio}, top's ${theirs}`);
        const cores = machine.sample().one("belfry_host_cpu_cores") ?? Number.NaN;
        assert.ok(ratio * cores > 0.5, `one core was busy: ${ratio} of ${cores}`);
      } finally {
        busy.kill("SIGKILL");
        await exited;
      }
    },
  );
});

const exporter = "prometheus-node-exporter";
const noExporter = skip || (has(exporter) ? false : `${exporter} is not installed`);

describe("an agent's series are node_exporter's", { skip: noExporter }, () => {
  it("in name, type, labels and value", async () => {
    const port = await freePort();
    const child = spawn(exporter, [`--web.listen-address=127.0.0.1:${port}`, ...asUpstream], {
      stdio: "ignore",
    });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    try {
      await using machine = new Machine(compared);
      const deadline = performance.now() + 10_000;
      while (!slowOnes.every((name) => machine.sample().one(name) !== undefined)) {
        assert.ok(performance.now() < deadline, "the slow collectors did not answer within 10 s");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const url = `http://127.0.0.1:${port}/metrics`;
      const before = parse(await textOf(url));
      const ours = figuresCompared(machine.sample());
      const later = parse(await textOf(url));
      const wrong: string[] = [];
      for (const [key, { name, value: first, type }] of before) {
        const metric = metricsCompared.get(name);
        if (metric === undefined) continue;
        const shown =
          metric.type === "counter" && !name.endsWith("_total") ? "untyped" : metric.type;
        if (type !== shown) wrong.push(`${name}: ${shown}, node_exporter's is ${type}`);
        const last = later.get(key)?.value ?? first;
        const value = ours.get(key);
        if (value === undefined) wrong.push(`${key}: missing`);
        else if ((type !== "gauge" || steady.test(name)) && !isBetween(value, first, last)) {
          wrong.push(`${key}: ${value}, node_exporter's was ${first}, then ${last}`);
        }
      }
      for (const key of ours.keys())
        if (!before.has(key) && !isNewer(key)) wrong.push(`${key}: is not node_exporter's`);
      assert.deepEqual(wrong, []);
      assert.ok(before.size > 200, `${before.size} series to compare with`);
    } finally {
      child.kill("SIGKILL");
      await exited;
    }
  });
});

/** Collectors of node_exporter's series, one of each slow one's series. */
const compared = collectorsFor("linux").filter(
  ({ name, pace }) =>
    pace === "core" || ["uname", "interfaces", "kernel-tables", "cpu-frequency"].includes(name),
);
const slowOnes = ["node_uname_info", "node_network_info", "node_filefd_maximum"];
/** Gauges that are the same from one moment to the next. */
const steady =
  /Total|_total|filesystem_(size|files$|readonly|device)|boot_time|maximum|_info|mtu|speed|flags|iface|_up$|carrier|limit/;

const metricsCompared = new Map(
  compared.flatMap(({ metrics }) => metrics).map((metric) => [metric.name, metric]),
);

/** What Debian's package leaves out beside the rest is taken as upstream takes it. */
const asUpstream = [
  "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
  "--collector.diskstats.device-exclude=^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$",
  "--collector.netdev.device-exclude=^$",
  "--collector.netclass.ignore-invalid-speed",
];

/** Series of later versions of node_exporter than distributions have. */
function isNewer(key: string): boolean {
  return /^node_(netstat_TcpExt_TCP(OFOQueue|RcvQDrop)|pressure_irq_stalled)/.test(key);
}

function isBetween(value: number, first: number, last: number): boolean {
  // Seconds are ms × 0.001 there: the last digits of a double differ.
  const slack = 1e-9 * Math.max(1, Math.abs(value));
  return value >= Math.min(first, last) - slack && value <= Math.max(first, last) + slack;
}

function figuresCompared(figures: Figures): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of metricsCompared.keys()) {
    if (!name.startsWith("node_")) continue;
    for (const { labels, value } of figures.all(name)) found.set(keyOf(name, labels), value);
  }
  return found;
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}${JSON.stringify(Object.fromEntries(pairs))}`;
}

interface Line {
  readonly name: string;
  readonly type: string;
  readonly value: number;
}

function parse(text: string): Map<string, Line> {
  const lines = new Map<string, Line>();
  const types = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, named, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (named !== undefined && type !== undefined) types.set(named, type);
    const [, name, braces = "", value] = /^(node_\w+)(\{.*\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = [...braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, label = "", of = ""]) => [label, of] as const,
    );
    const key = keyOf(name, Object.fromEntries(labels));
    lines.set(key, { name, type: types.get(name) ?? "", value: Number(value) });
  }
  return lines;
}

async function textOf(url: string): Promise<string> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const text = await fetch(url).then(
      (response) => response.text(),
      () => undefined,
    );
    if (text !== undefined) return text;
    assert.ok(performance.now() < deadline, "node_exporter gave no answer within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(address !== null && typeof address === "object");
  return address.port;
}
