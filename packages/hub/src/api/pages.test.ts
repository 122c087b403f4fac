import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { openTestHub } from "./hub.kit.ts";

async function build(t: TestContext): Promise<string> {
  const pages = await mkdtemp(join(tmpdir(), "belfry-pages-"));
  t.after(() => rm(pages, { recursive: true }));
  await mkdir(join(pages, "assets"));
  await writeFile(join(pages, "index.html"), "<!doctype html><title>Belfry</title>");
  await writeFile(join(pages, "assets", "main-abc123.js"), "0");
  await writeFile(join(pages, "icon.svg"), "<svg/>");
  return pages;
}

describe("the dashboard", () => {
  const rows: { url: string; status: number; type: RegExp; cache: RegExp }[] = [
    { url: "/dashboard/", status: 200, type: /^text\/html/, cache: /^no-cache$/ },
    {
      url: "/dashboard/monitors/01890000-0000-7000-8000-000000000000",
      status: 200,
      type: /^text\/html/,
      cache: /^no-cache$/,
    },
    {
      url: "/dashboard/assets/main-abc123.js",
      status: 200,
      type: /javascript/,
      cache: /max-age=31536000, immutable/,
    },
    { url: "/dashboard/icon.svg", status: 200, type: /svg/, cache: /max-age=3600/ },
    { url: "/dashboard/assets/gone-abc123.js", status: 404, type: /problem/, cache: /no-store/ },
    {
      url: "/dashboard/..%2f..%2fetc%2fpasswd",
      status: 200,
      type: /^text\/html/,
      cache: /^no-cache$/,
    },
    {
      url: "/dashboard/assets/..%2f..%2fpackage.json",
      status: 404,
      type: /problem/,
      cache: /no-store/,
    },
  ];
  test("is served from its folder: hashed files for ever, the page for every other path", async (t) => {
    const pages = await build(t);
    const hub = await openTestHub(t, { auth: "keys" }, { pages });
    for (const { url, status, type, cache } of rows) {
      const answer = await hub.api.app.inject(url);
      assert.equal(answer.statusCode, status, url);
      assert.match(String(answer.headers["content-type"]), type, url);
      assert.match(String(answer.headers["cache-control"]), cache, url);
      assert.match(String(answer.headers["content-security-policy"]), /default-src 'none'/, url);
    }
  });

  test("is where / and /dashboard lead to", async (t) => {
    const hub = await openTestHub(t);
    for (const url of ["/", "/dashboard"]) {
      const answer = await hub.ask("GET", url);
      assert.deepEqual([answer.status, answer.headers["location"]], [302, "/dashboard/"]);
    }
  });

  test("says how to build it when it is not built", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("GET", "/dashboard/monitors");
    assert.equal(answer.status, 503);
    assert.match(answer.text, /npm run build/);
  });

  test("can be left out", async (t) => {
    const hub = await openTestHub(t, { dashboard: false });
    assert.equal((await hub.ask("GET", "/dashboard/")).status, 404);
  });
});
