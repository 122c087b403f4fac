/**
 * Who may import what. Every package and every stage of the hub has a row; a new folder (or a new file beside `app.ts`)
 * fails until its row is written. A stage sees `model` and `contract`, never another stage: what it needs from one is
 * handed to it by `app.ts`. Tests may import anything.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { findsNothing, packageOf, root, sourcesBelow, type SourceFile } from "./source.ts";

interface Row {
  /** Our own: packages by name, parts of the hub by folder or file. `all`: everything of ours. */
  readonly ours: readonly string[] | "all";
  /** Packages of others. */
  readonly others?: readonly string[];
  /** Modules of Node, without `node:`; left out: all of them. What must stay free of I/O says which. */
  readonly node?: readonly string[];
}

const pure = { node: [] } as const;

/** Packages, and the folders and files of `packages/hub/src`. */
const borders: Readonly<Record<string, Row>> = {
  "@belfry/contract": { ours: [], others: ["typebox"], ...pure },
  // Everything of the contract it loads is free of TypeBox: it would double the agent's memory.
  "@belfry/agent": { ours: ["@belfry/contract"] },
  // Runs inside other people's programs: nothing but Node.
  "@belfry/sdk": { ours: [] },
  "@belfry/relay": {
    ours: ["@belfry/contract"],
    others: [
      "@aws-sdk/client-cloudwatch",
      "@aws-sdk/client-cloudwatch-logs",
      "@aws-sdk/client-xray",
      "snappyjs",
      "typebox",
    ],
  },
  "@belfry/dashboard": {
    ours: ["@belfry/contract"],
    others: ["preact", "@preact/signals", "uplot", "vite"],
  },

  "hub/model": {
    ours: ["@belfry/contract"],
    others: ["croner", "re2js", "typebox"],
    node: ["crypto"],
  },
  "hub/config": {
    ours: ["@belfry/contract", "@belfry/relay", "hub/model"],
    others: ["typebox", "yaml"],
  },
  "hub/schedule": { ours: ["hub/model"], ...pure },
  "hub/probe": { ours: ["@belfry/contract", "hub/model"], others: ["re2js", "typebox"] },
  "hub/ingest": { ours: ["@belfry/contract", "hub/model"], others: ["typebox"], ...pure },
  "hub/judge": { ours: ["@belfry/contract", "hub/model"], ...pure },
  "hub/store": { ours: ["@belfry/contract", "hub/model"], others: ["kysely", "pg", "re2js"] },
  "hub/rules": { ours: ["@belfry/contract", "hub/model"], node: ["timers/promises"] },
  "hub/alert": { ours: ["@belfry/contract", "hub/model"], ...pure },
  "hub/notify": {
    ours: ["@belfry/contract", "@belfry/relay", "hub/model"],
    others: ["nodemailer", "typebox"],
  },
  "hub/api": {
    ours: ["@belfry/contract", "hub/model"],
    others: [
      "@fastify/cookie",
      "@fastify/helmet",
      "@fastify/rate-limit",
      "@fastify/static",
      "@fastify/swagger",
      "@fastify/swagger-ui",
      "fastify",
      "prom-client",
      "re2js",
      "typebox",
    ],
  },
  "hub/live": { ours: ["@belfry/contract", "hub/model"] },
  "hub/self": { ours: ["@belfry/contract", "hub/model"], others: ["pino", "prom-client"] },
  "hub/fleet": { ours: ["@belfry/contract", "hub/model", "hub/schedule"], ...pure },
  "hub/command": { ours: "all" },

  "hub/alert-desk.ts": {
    ours: ["@belfry/contract", "hub/model", "hub/relations.ts", "hub/rules"],
    ...pure,
  },
  "hub/relations.ts": { ours: ["hub/alert", "hub/model", "hub/probe"], ...pure },
  "hub/checking.ts": { ours: "all", node: [] },
  "hub/fleet-path.ts": { ours: "all", node: ["os"] },
  "hub/alerts.ts": { ours: "all", node: [] },
  "hub/app.ts": { ours: "all" },
  "hub/check-path.ts": { ours: "all", node: [] },
  "hub/deciding.ts": { ours: "all", node: [] },
  "hub/host-path.ts": { ours: "all", node: ["crypto"] },
  "hub/main.ts": { ours: "all" },
  "hub/warm.ts": { ours: "all", node: ["module"] },
  "hub/up.ts": { ours: "all" },
  "hub/probe-command.ts": { ours: "all", others: ["yaml"] },
  "hub/pipeline.ts": { ours: ["hub/model", "hub/judge", "hub/commit-queue.ts"], ...pure },
  "hub/commit-queue.ts": { ours: ["hub/model"], node: ["crypto"] },
  "hub/desk.ts": { ours: ["hub/model"], ...pure },
  "hub/host-desk.ts": { ours: ["hub/model"], ...pure },
  "hub/job-desk.ts": { ours: ["hub/model"], ...pure },
  "hub/heartbeats.ts": { ours: "all", ...pure },
  "hub/maintenance.ts": { ours: "all", ...pure },
  "hub/jobs.ts": { ours: "all", node: ["crypto"] },
  "hub/certificates.ts": { ours: ["@belfry/contract", "hub/model", "hub/self"], ...pure },
  "hub/noticing.ts": { ours: "all", ...pure },
  "hub/drop-in-ports.ts": {
    ours: ["hub/config", "hub/listen.ts", "hub/own-agent.ts"],
    node: ["http"],
  },
  "hub/host-trends.ts": { ours: ["hub/ingest", "hub/self"], ...pure },
  "hub/hub-outputs.ts": {
    ours: ["@belfry/contract", "@belfry/relay", "hub/config", "hub/model"],
    node: ["path", "timers/promises"],
  },
  "hub/remote-write-out.ts": {
    ours: ["@belfry/relay", "hub/api", "hub/config", "hub/self", "hub/store"],
    others: ["prom-client"],
    node: ["path"],
  },
  "hub/hub-hints.ts": {
    ours: ["hub/alert", "hub/api", "hub/fleet", "hub/model", "hub/store"],
    node: ["timers/promises"],
  },
  "hub/long-range.ts": {
    ours: ["@belfry/relay", "hub/model", "hub/self", "hub/store"],
    ...pure,
  },
  "hub/rule-path.ts": {
    ours: ["hub/api", "hub/fleet", "hub/model", "hub/rules", "hub/self", "hub/store"],
    node: ["timers/promises"],
  },
  "hub/managed-settings.ts": {
    ours: ["hub/config", "hub/model", "hub/store"],
    node: ["crypto", "util"],
  },
  "hub/managed-input.ts": {
    ours: ["@belfry/contract", "hub/api", "hub/config", "hub/model", "hub/rules"],
    others: ["typebox"],
    ...pure,
  },
  "hub/listen.ts": { ours: ["hub/config", "hub/model"], node: ["events", "http"] },
  "hub/own-agent.ts": {
    ours: ["@belfry/agent", "@belfry/contract", "hub/model"],
    node: ["os"],
  },
  "hub/commits.ts": { ours: "all", ...pure },
  "hub/taking-up.ts": { ours: ["hub/judge", "hub/live", "hub/model", "hub/store"], ...pure },
  "hub/readiness.ts": { ours: [], node: ["timers/promises"] },
  "hub/own-process.ts": { ours: "all", node: ["os"] },
  "hub/process-end.ts": { ours: ["hub/self"], node: ["timers/promises"] },
  "hub/work.ts": {
    ours: ["hub/config", "hub/model", "hub/process-end.ts", "hub/self", "hub/worker.ts"],
    ...pure,
  },
  "hub/worker.ts": { ours: "all", ...pure },
  "hub/worker-server.ts": {
    ours: ["hub/api", "hub/config", "hub/listen.ts", "hub/model", "hub/readiness.ts", "hub/self"],
    node: ["events", "http"],
  },
  "hub/locations.ts": { ours: "all", ...pure },
  "hub/location-path.ts": {
    ours: ["@belfry/contract", "hub/judge", "hub/live", "hub/model", "hub/schedule"],
    ...pure,
  },
  "hub/remote-worker": { ours: "all", others: ["prom-client", "typebox"] },
  "hub/own-monitor.ts": { ours: ["hub/model"], ...pure },
  "hub/upkeep.ts": { ours: ["hub/model"], node: ["timers/promises"] },
};

const hubSource = "packages/hub/src/";

/** The row a file or an import belongs to. */
function areaOf(path: string): string {
  if (path.startsWith(hubSource)) return `hub/${path.slice(hubSource.length).split("/")[0]}`;
  const [, name] = path.split("/");
  return `@belfry/${name}`;
}

const sources = sourcesBelow("packages");
const production = sources.filter((file) => !file.isTest);

/** What a file imports that its row does not have. */
function violations(file: SourceFile): string[] {
  const area = areaOf(file.path);
  const row = borders[area];
  if (row === undefined) return [`${file.path}: there is no row for ${area}`];
  return file.imports.flatMap((name) => {
    const wrong = isAllowed(name, area, row)
      ? []
      : [`${file.path}: ${area} may not import ${name}`];
    return wrong;
  });
}

function isAllowed(name: string, area: string, row: Row): boolean {
  if (name.startsWith("node:")) return row.node?.includes(name.slice(5)) ?? true;
  if (name.startsWith("packages/")) {
    const target = areaOf(name);
    if (target === area) return true;
    // Other packages are imported by their name, never by a path into them.
    if (!target.startsWith("hub/")) return false;
    return row.ours === "all" ? true : row.ours.includes(target);
  }
  const packageName = packageOf(name);
  if (packageName.startsWith("@belfry/")) {
    return row.ours === "all" ? true : row.ours.includes(packageName);
  }
  return row.others?.includes(packageName) ?? false;
}

describe("the borders", () => {
  it("hold", () => findsNothing(production.flatMap(violations)));

  it("have no row for what is not there", () => {
    const areas = new Set(sources.map(({ path }) => areaOf(path)));
    findsNothing(Object.keys(borders).filter((area) => !areas.has(area)));
  });

  it("keep what only tests use out of what ships", () => {
    const tests = new Set(sources.filter((file) => file.isTest).map(({ path }) => path));
    const wrong = production.flatMap(({ path, imports }) =>
      imports
        .filter((name) => tests.has(name) || /^node:(test|assert)/.test(name))
        .map((name) => `${path} imports ${name}`),
    );
    findsNothing(wrong);
  });

  it("are those the package files declare", () => {
    const wrong = production.flatMap(({ path, imports }) => {
      const folder = path.split("/").slice(0, 2).join("/");
      const declared = dependenciesOf(folder);
      const packages = imports
        .filter((name) => !name.startsWith("node:") && !name.startsWith("packages/"))
        .map(packageOf);
      return [...new Set(packages)]
        .filter((name) => !declared.has(name))
        .map((name) => `${path} imports ${name}, which ${folder}/package.json does not name`);
    });
    findsNothing(wrong);
  });

  it("notice an import across them", () => {
    const file: SourceFile = {
      path: "packages/hub/src/judge/judge.ts",
      text: "",
      imports: ["packages/hub/src/store/port.ts", "fastify", "node:fs", "@belfry/relay"],
      isTest: false,
    };
    assert.equal(violations(file).length, 4);
    assert.deepEqual(violations({ ...file, path: "packages/hub/src/novel/thing.ts" }), [
      "packages/hub/src/novel/thing.ts: there is no row for hub/novel",
    ]);
  });
});

const declaredBy = new Map<string, ReadonlySet<string>>();

function dependenciesOf(folder: string): ReadonlySet<string> {
  let declared = declaredBy.get(folder);
  if (declared === undefined) {
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
      devDependencies?: Record<string, string>;
    };
    declared = new Set([
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.devDependencies ?? {}),
    ]);
    declaredBy.set(folder, declared);
  }
  return declared;
}
