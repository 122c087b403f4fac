import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { retention } from "../store/contract/fixtures.ts";
import { openDatabase } from "../store/admin.ts";
import { fillEveryTable } from "../store/copy/fill.kit.ts";
import { leftOut } from "../store/copy/side.ts";
import { copyCommand, parseEnd, type CopyRequest } from "./db-copy.ts";
import { sizeText } from "./size-text.ts";

async function createDesk() {
  const cwd = await mkdtemp(join(tmpdir(), "belfry-db-copy-"));
  const printed = { out: "", err: "" };
  const settings = { database: join(cwd, "data/belfry.db"), retention };
  const parts = {
    cwd,
    clock: { now: () => 0 },
    stdout: (text: string) => void (printed.out += text),
    stderr: (text: string) => void (printed.err += text),
  };
  return {
    cwd,
    settings,
    printed,
    run: (request: CopyRequest) => copyCommand(request, settings, parts),
    [Symbol.asyncDispose]: () => rm(cwd, { recursive: true, force: true }),
  };
}

describe("belfry db copy", () => {
  it("copies the database of the settings, and prints a line for each table", async () => {
    await using desk = await createDesk();
    const tables = await (async () => {
      await using database = await openDatabase(desk.settings);
      await database.migrate();
      const filled = fillEveryTable(desk.settings.database, 3);
      return filled.filter((table) => !leftOut.some((one) => one === table));
    })();
    assert.equal(await desk.run({ to: "sqlite:moved.db" }), 0);
    const lines = desk.printed.out.split("\n");
    assert.deepEqual(
      lines
        .slice(0, tables.length)
        .map((line) => line.split(" ")[0] ?? "")
        .toSorted(),
      tables,
    );
    assert.match(desk.printed.out, /\naudit +3 rows +\d+ B\n/);
    assert.match(
      desk.printed.out,
      new RegExp(`copied ${tables.length} tables with ${tables.length * 3} rows, .* to .*moved.db`),
    );
    await using moved = await openDatabase({ database: join(desk.cwd, "moved.db"), retention });
    assert.deepEqual((await moved.status()).pending, []);
  });

  const wrong = [
    [{}, "--to: expected a database, found nothing"],
    [
      { to: "mysql://x/y" },
      "--to: expected a path or a postgres:// URL, found one that begins with mysql:",
    ],
    [
      { from: "postgres://x", to: "a" },
      "--from: expected postgres://user@host:5432/name, found a URL without host or name",
    ],
  ] as const satisfies readonly (readonly [CopyRequest, string])[];
  for (const [request, message] of wrong) {
    it(`ends with 2 and "${message}"`, async () => {
      await using desk = await createDesk();
      assert.equal(await desk.run(request), 2);
      assert.equal(desk.printed.err, `belfry: db copy: ${message}\n`);
    });
  }
});

describe("the name of a database to copy", () => {
  it("is a file, a data folder or a URL", async () => {
    await using desk = await createDesk();
    await mkdir(join(desk.cwd, "data"));
    const rows = [
      ["sqlite:/a/b.db", "/a/b.db"],
      ["sqlite:///a/b.db", "/a/b.db"],
      ["sqlite:b.db", join(desk.cwd, "b.db")],
      ["/a/b.db", "/a/b.db"],
      ["data", join(desk.cwd, "data/belfry.db")],
      ["sqlite:data", join(desk.cwd, "data/belfry.db")],
      ["postgresql+asyncpg://u:p@h/n?ssl=require", "postgres://u:p@h/n?sslmode=require"],
    ] as const;
    for (const [text, value] of rows) {
      assert.deepEqual(parseEnd(text, desk.cwd), { kind: "ok", value }, text);
    }
  });
});

describe("a size", () => {
  const rows = [
    [0, "0 B"],
    [999, "999 B"],
    [1_500, "1.5 kB"],
    [45_000_000, "45 MB"],
    [2_000_000_000_000_000, "2000 TB"],
  ] as const;
  for (const [bytes, text] of rows) it(`is ${text}`, () => assert.equal(sizeText(bytes), text));
});
