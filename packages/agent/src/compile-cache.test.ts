import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { compileCacheDir, warmCache } from "../bin/compile-cache.js";

async function folderFor(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-cache-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("the environment names the cache", () => {
  assert.equal(compileCacheDir({ NODE_COMPILE_CACHE: "/a", CACHE_DIRECTORY: "/b" }), "/a");
  assert.equal(compileCacheDir({ CACHE_DIRECTORY: "/b:/c" }), "/b");
});

test("without a name it is a folder of the user's that nobody else may write to", async (context) => {
  const home = await folderFor(context);
  const folder = compileCacheDir({ XDG_CACHE_HOME: home });
  assert.equal(folder, join(home, "belfry"));
  assert.equal((await stat(join(home, "belfry"))).mode & 0o777, 0o700);
});

test("a folder that others may write to is not used", async (context) => {
  const home = await folderFor(context);
  await mkdir(join(home, "belfry"));
  await chmod(join(home, "belfry"), 0o777);
  assert.notEqual(compileCacheDir({ XDG_CACHE_HOME: home }), join(home, "belfry"));
});

test("the cache is filled once for the same code, and again when it changed or was not filled", async (context) => {
  const folder = await folderFor(context);
  const runs = join(folder, "runs");
  await mkdir(runs);
  const main = join(folder, "main.ts");
  const write = (exitCode: number) =>
    writeFile(
      main,
      `import { writeFileSync } from "node:fs";
      writeFileSync(process.env.RUNS + "/" + process.hrtime.bigint(), "");
      process.exit(${exitCode});`,
    );
  const warm = async (): Promise<number> => {
    warmCache({
      runtime: process.execPath,
      flags: [],
      main,
      env: { ...process.env, RUNS: runs },
      cacheDir: folder,
      name: "tried",
      sources: [folder],
    });
    return (await readdir(runs)).length;
  };
  await write(1);
  assert.equal(await warm(), 1);
  assert.equal(await warm(), 2, "what failed is tried again");
  await write(0);
  assert.equal(await warm(), 3);
  assert.equal(await warm(), 3);
  await writeFile(join(folder, "more.ts"), "export {};");
  assert.equal(await warm(), 4);
});
