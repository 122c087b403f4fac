import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePostgresUrl, withoutSecrets } from "./url.ts";

describe("the setting of a database", () => {
  const table = [
    { database: "data/belfry.db", expected: undefined },
    { database: "/var/lib/postgres/belfry.db", expected: undefined },
    { database: "postgres://u:p@db/belfry", expected: "postgresql://u:p@db/belfry" },
    { database: "postgresql://db:5432/belfry?sslmode=require" },
    { database: "postgresql+asyncpg://u@db/b", expected: "postgresql://u@db/b" },
    { database: "PostgreSQL+asyncpg://u@db/b", expected: "postgresql://u@db/b" },
    {
      database: "postgresql+asyncpg://u@db/b?ssl=require&x=1",
      expected: "postgresql://u@db/b?sslmode=require&x=1",
    },
    { database: "postgresql+asyncpg://u@db/b?ssl=true" },
    { database: "postgresql://u@db/b?ssl=require" },
  ];
  for (const { database, ...row } of table) {
    const expected =
      "expected" in row ? row.expected : database.replace("postgresql+asyncpg", "postgresql");
    test(`${database} is ${expected ?? "a file"}`, () => {
      assert.equal(parsePostgresUrl(database), expected);
    });
  }

  test("is shown without its secrets", () => {
    const url = "postgresql://user:pass%40word@db:5432/belfry?password=x";
    assert.equal(withoutSecrets(url), "postgresql://db:5432/belfry");
    assert.equal(withoutSecrets("postgresql://db/belfry"), "postgresql://db/belfry");
  });
});
