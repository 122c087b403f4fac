import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { channelKinds } from "./channel-kinds.ts";

const folders = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, "kind.ts")),
);

describe("the kinds of channels", () => {
  it("are those that have a folder, by its name", () => {
    assert.deepEqual(new Set(channelKinds.keys()), new Set(folders));
  });

  for (const [name, kind] of channelKinds) {
    it(`${name} says of each setting what it is`, () => {
      const { properties } = kind.schema as { properties: Record<string, { title?: string }> };
      for (const [setting, { title }] of Object.entries(properties)) assert.ok(title, setting);
    });
  }
});
