/**
 * The SDK as it is published: built, packed, installed into an empty project, used there from an ES module, from
 * CommonJS and from TypeScript, and put through the whole fault suite, on every Node at hand: the one that runs this
 * test, the one on the path, and those named in BELFRY_TEST_NODES (paths, separated by commas).
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { buildSdk } from "../packages/sdk/build.ts";
import { faultSuite } from "../packages/sdk/src/fault/fault.contract.ts";
import { version } from "../packages/sdk/src/version.ts";
import { root } from "./source.ts";

const folder = mkdtempSync(join(tmpdir(), "belfry-sdk-package-"));
after(() => rmSync(folder, { recursive: true }));

const project = join(folder, "project");
const installed = join(project, "node_modules/@belfry/sdk");
install();

const nodes = nodesAtHand();

describe("the published SDK", () => {
  it("holds what it should and needs nothing", () => {
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    assert.equal(manifest.version, version);
    assert.deepEqual(manifest.dependencies ?? {}, {});
    assert.deepEqual(readdirSync(join(project, "node_modules/@belfry")), ["sdk"]);
    const top = readdirSync(installed).toSorted((a, b) => a.localeCompare(b));
    assert.deepEqual(top, ["cjs", "esm", "LICENSE", "package.json", "README.md"]);
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      files.filter((name) => /test|kit|contract|testdata|tsconfig/.test(name)),
      [],
    );
  });

  it("is at most 10,000 bytes, minified and compressed", () => {
    const file = join(folder, "bundle.js");
    const done = spawnSync(
      process.execPath,
      [
        join(root, "node_modules/rolldown/bin/cli.mjs"),
        join(installed, "esm/index.js"),
        "--minify",
        "--platform",
        "node",
        "--format",
        "esm",
        "--file",
        file,
      ],
      { encoding: "utf8" },
    );
    assert.equal(done.status, 0, done.stderr);
    const bytes = gzipSync(readFileSync(file), { level: 9 }).length;
    assert.ok(bytes > 1_000 && bytes <= 10_000, `${bytes} bytes`);
  });

  const program = `
    const emitter = new MemoryEmitter();
    monitored({ job: "a", emitter }, (run) => { run.progress(0.5); return 7; })
      .then((value) => console.log(value, emitter.events.length));
  `;
  const names = "{ monitored, MemoryEmitter }";
  for (const [form, script] of [
    ["an ES module", `import ${names} from "@belfry/sdk"; ${program}`],
    ["CommonJS", `const ${names} = require("@belfry/sdk"); ${program}`],
    [
      "both at once, with one tree of runs",
      `import { monitored, MemoryEmitter } from "@belfry/sdk";
       import { createRequire } from "node:module";
       const other = createRequire(import.meta.url)("@belfry/sdk");
       const emitter = new MemoryEmitter();
       await monitored({ job: "a", emitter }, (outer) => other.monitored({ job: "b", emitter }, (run) => {
         if (other.monitored === monitored) throw new Error("only one copy");
         console.log(run.entity.parent_id === outer.id ? 7 : 0, 3);
       }));`,
    ],
  ] as const) {
    for (const node of nodes) {
      it(`is used from ${form} on Node ${node.version}`, () => {
        const file = join(project, form === "CommonJS" ? "program.cjs" : "program.mjs");
        writeFileSync(file, script);
        const done = spawnSync(node.path, [file], { encoding: "utf8" });
        assert.deepEqual([done.stdout, done.stderr, done.status], ["7 3\n", "", 0]);
      });
    }
  }

  const others = `
    if (emitters.some((one) => typeof one !== "function")) throw new Error("something is missing");
    monitoredLambdaHandler({ job: "a", emitter: new MemoryEmitter() }, () => 7)(null, {})
      .then((value) => console.log(value));
  `;
  const emitters = "const emitters = [CloudWatchEmitter, XRayEmitter, OpenTelemetryEmitter];";
  const awsNames = "{ CloudWatchEmitter, XRayEmitter, monitoredLambdaHandler }";
  for (const [form, script] of [
    [
      "an ES module",
      `import { MemoryEmitter } from "@belfry/sdk";
       import ${awsNames} from "@belfry/sdk/aws";
       import { OpenTelemetryEmitter } from "@belfry/sdk/otel"; ${emitters} ${others}`,
    ],
    [
      "CommonJS",
      `const { MemoryEmitter } = require("@belfry/sdk");
       const ${awsNames} = require("@belfry/sdk/aws");
       const { OpenTelemetryEmitter } = require("@belfry/sdk/otel"); ${emitters} ${others}`,
    ],
  ] as const) {
    for (const node of nodes) {
      it(`has AWS and OpenTelemetry for ${form} on Node ${node.version}, without their packages`, () => {
        const file = join(project, form === "CommonJS" ? "others.cjs" : "others.mjs");
        writeFileSync(file, script);
        const done = spawnSync(node.path, [file], { encoding: "utf8" });
        assert.deepEqual([done.stdout, done.stderr, done.status], ["7\n", "", 0]);
      });
    }
  }

  for (const module of ["esnext", "nodenext", "commonjs"]) {
    it(`has types for programs of the module kind ${module}`, () => {
      const file = join(project, `types-${module}.ts`);
      writeFileSync(
        file,
        `import { monitored, MemoryEmitter, startRun, type JobEvent, type Run } from "@belfry/sdk";
         import { CloudWatchEmitter, monitoredLambdaHandler, type XRayClient } from "@belfry/sdk/aws";
         import { OpenTelemetryEmitter, type OtelApi } from "@belfry/sdk/otel";
         const emitter = new MemoryEmitter();
         export const spans = (api: OtelApi) => new OpenTelemetryEmitter(api);
         export const metrics = new CloudWatchEmitter({ namespace: "a" });
         export const handler: (event: string, context: object) => Promise<number> =
           monitoredLambdaHandler({}, (event: string) => event.length);
         export type Client = XRayClient;
         const value: Promise<number> = monitored({ job: "a", emitter }, (run: Run) => { run.progress(1); return 7; });
         const events: readonly JobEvent[] = emitter.events;
         export { value, events, startRun };
         // @ts-expect-error -- a job has a name
         startRun({ emitter });`,
      );
      const resolution = module === "nodenext" ? "nodenext" : "bundler";
      const done = spawnSync(
        process.execPath,
        [
          join(root, "node_modules/typescript/bin/tsc"),
          "--ignoreConfig",
          "--noEmit",
          "--strict",
          "--target",
          "es2023",
          "--lib",
          "es2023",
          "--types",
          "node",
          "--typeRoots",
          join(root, "node_modules/@types"),
          "--module",
          module,
          "--moduleResolution",
          resolution,
          file,
        ],
        { encoding: "utf8", cwd: project },
      );
      assert.deepEqual([done.stdout, done.status], ["", 0]);
    });
  }
});

for (const node of nodes) {
  faultSuite(`around a job that uses the published SDK on Node ${node.version}`, {
    node: node.path,
    sdk: join(installed, "esm/index.js"),
  });
}

/** With npm where it is there; what it would do, else: the package has no dependencies and no scripts. */
function install(): void {
  const built = join(folder, "built");
  buildSdk(built);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true }\n');
  const npm = (cwd: string, ...args: readonly string[]) =>
    spawnSync("npm", [...args, "--offline", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd,
      encoding: "utf8",
    });
  const packed = npm(built, "pack", "--pack-destination", folder);
  if (packed.error !== undefined) {
    cpSync(built, installed, { recursive: true });
    return;
  }
  assert.equal(packed.status, 0, packed.stderr);
  const done = npm(project, "install", join(folder, packed.stdout.trim()));
  assert.equal(done.status, 0, done.stderr);
}

interface NodeAtHand {
  readonly path: string;
  readonly version: string;
}

/** One of each version. */
function nodesAtHand(): readonly NodeAtHand[] {
  const named = process.env["BELFRY_TEST_NODES"] ?? "";
  const paths = [
    process.execPath,
    ...pathNodes(),
    ...named.split(",").filter((path) => path !== ""),
  ];
  const found = new Map<string, NodeAtHand>();
  for (const path of paths) {
    const done = spawnSync(path, ["--version"], { encoding: "utf8" });
    if (done.status !== 0) continue;
    const nodeVersion = done.stdout.trim().slice(1);
    if (!found.has(nodeVersion)) found.set(nodeVersion, { path, version: nodeVersion });
  }
  return [...found.values()];
}

function pathNodes(): readonly string[] {
  return (process.env["PATH"] ?? "").split(":").map((part) => join(part, "node"));
}
