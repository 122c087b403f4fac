import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "./client.ts";
import type { Reply } from "./failure.ts";
import { appendNextPage } from "./next-page.ts";

const first: Page<string> = { items: ["a", "b"], next_cursor: "behind b" };
const end: Page<string> = { items: ["a", "b"], next_cursor: null };
const next: Reply<Page<string>> = { kind: "ok", value: { items: ["c"], next_cursor: null } };

interface Row {
  readonly title: string;
  readonly before: Page<string> | null;
  readonly reply: Reply<Page<string>>;
  /** What the list becomes while the page is fetched. */
  readonly meanwhile?: Page<string>;
  readonly after: Page<string> | null;
  readonly asked: readonly string[];
}

const rows: readonly Row[] = [
  {
    title: "the next page stands behind the first one",
    before: first,
    reply: next,
    after: { items: ["a", "b", "c"], next_cursor: null },
    asked: ["behind b"],
  },
  { title: "nothing is behind the last page", before: end, reply: next, after: end, asked: [] },
  {
    title: "nothing is behind a list not loaded",
    before: null,
    reply: next,
    after: null,
    asked: [],
  },
  {
    title: "a page that cannot be read leaves the list as it was",
    before: first,
    reply: { kind: "failed", failure: { kind: "unreachable" } },
    after: first,
    asked: ["behind b"],
  },
  {
    title: "a page of a list that changed meanwhile is dropped",
    before: first,
    reply: next,
    meanwhile: end,
    after: end,
    asked: ["behind b"],
  },
];

for (const { title, before, reply, meanwhile, after, asked } of rows) {
  test(title, async () => {
    const list = { value: before };
    const cursors: string[] = [];
    await appendNextPage(list, async (cursor) => {
      cursors.push(cursor);
      if (meanwhile !== undefined) list.value = meanwhile;
      return reply;
    });
    assert.deepEqual(list.value, after);
    assert.deepEqual(cursors, asked);
  });
}
