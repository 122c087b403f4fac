/** The examples of the documents and of the examples folder, run as they stand. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  mkdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { sdkVariables } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "belfry-sdk-documents-"));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "node_modules/@belfry"), { recursive: true });
const sdk = fileURLToPath(new URL("..", import.meta.url));
symlinkSync(sdk, join(folder, "node_modules/@belfry/sdk"));
// What those who send to AWS or to OpenTelemetry have installed.
for (const scope of ["@aws-sdk", "@opentelemetry"]) {
  symlinkSync(join(sdk, "../../node_modules", scope), join(folder, "node_modules", scope));
}

function runs(name: string, text: string): void {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, text);
  const done = spawnSync(process.execPath, [file], {
    cwd: folder,
    encoding: "utf8",
    env: { BELFRY_SDK: "off" },
  });
  assert.equal(done.status, 0, done.stderr);
}

describe("documents", () => {
  const page = readFileSync(join(sdk, "../../docs/SDK.md"), "utf8");
  const blocks = [page, readFileSync(join(sdk, "README.md"), "utf8")].flatMap((text) =>
    [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block),
  );

  for (const [index, block] of blocks.entries()) {
    it(`have examples that run: ${index + 1} of ${blocks.length}`, () =>
      runs(`block-${index}`, block));
  }

  for (const name of readdirSync(join(sdk, "examples"))) {
    it(`have an example that runs: ${name}`, () =>
      runs(`example-${name}`, readFileSync(join(sdk, "examples", name), "utf8")));
  }

  it("name every variable of ours that is read", () => {
    const own = Object.values(sdkVariables).flat();
    assert.deepEqual(
      own.filter((name) => name.startsWith("BELFRY_") && !page.includes(`\`${name}\``)),
      [],
    );
  });
});
