import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { routesTable } from "./document.kit.ts";
import { openTestHub } from "./hub.kit.ts";

const file = new URL("../../../../docs/API.md", import.meta.url);
const between = /(?<=<!-- routes[^>]*-->\n\n)[^]*?(?=\n\n<!-- end of routes -->)/;

/** Columns are padded by the formatter; that is no difference. */
const plain = (table: string): string => table.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");

test("docs/API.md lists every route as it is (BELFRY_UPDATE_DOCS=1 writes the list anew)", async (t) => {
  const hub = await openTestHub(t);
  const table = routesTable(hub.api.routes);
  const page = await readFile(file, "utf8");
  assert.match(page, between);
  if (process.env["BELFRY_UPDATE_DOCS"] === "1") {
    await writeFile(
      file,
      page.replace(between, () => table),
    );
    return;
  }
  assert.equal(plain(between.exec(page)?.[0] ?? ""), plain(table));
});
