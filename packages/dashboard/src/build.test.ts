import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { buildIfStale } from "../build-if-stale.ts";
import { stampPath } from "../stamp.ts";

/** JavaScript and style sheets of the first page, packed with gzip, in bytes. */
const firstPageLimit = 100_000;

test("builds what is missing or stale and nothing else; the pages need no hole in a strict content policy", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "belfry-dashboard-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const outDir = join(folder, "dist");
  assert.equal(await buildIfStale(outDir), "built");
  assert.equal(await buildIfStale(outDir), "fresh");

  const html = await readFile(join(outDir, "index.html"), "utf8");
  assert.doesNotMatch(html, /<script(?![^>]* src=)/, "no inline script");
  assert.doesNotMatch(html, /<style|\sstyle=/, "no inline style");
  assert.doesNotMatch(html, /https?:\/\//, "nothing from elsewhere");
  const files = await readdir(join(outDir, "assets"));
  for (const file of files) assert.match(file, /-[\w-]{8}\.(?:js|css|svg)(?:\.br|\.gz)?$/);
  for (const [, file] of html.matchAll(/="\/dashboard\/assets\/([^"]+)"/g)) {
    assert.ok(files.includes(file ?? ""), `${file} is there`);
  }
  const first = [...html.matchAll(/="\/dashboard\/assets\/([^"]+\.(?:js|css))"/g)];
  const sizes = await Promise.all(
    first.map(async ([, file = ""]) => (await stat(join(outDir, "assets", `${file}.gz`))).size),
  );
  const firstBytes = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(firstBytes <= firstPageLimit, `the first page takes ${firstBytes} bytes, packed`);
  const scripts = files.filter((file) => file.endsWith(".js"));
  for (const file of scripts) {
    const code = await readFile(join(outDir, "assets", file), "utf8");
    assert.doesNotMatch(code, /typebox/i, `${file} holds no validator`);
    const packed = await readFile(join(outDir, "assets", `${file}.gz`));
    assert.equal(gunzipSync(packed).toString(), code);
  }
  const script = html.indexOf("<script");
  assert.match(html.slice(script, html.indexOf(">", script)), /theme-[\w-]{8}\.js"$/);

  await writeFile(stampPath(outDir), "of other sources");
  assert.equal(await buildIfStale(outDir), "built");
});
