import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "../run/run.kit.ts";
import { withOlder } from "../../api/next-page.ts";

const pageOf = (ids: string, next_cursor: string | null) => ({
  items: ids.split("").map((id) => runOf(id)),
  next_cursor,
});

const joins: readonly (readonly [what: string, former: string, fresh: string, found: string])[] = [
  ["keeps what was loaded behind the first page", "abcdef", "abc", "abcdef"],
  ["puts a new failure on top", "bcdef", "abc", "abcdef"],
  ["starts anew where nothing joins", "xyz", "abc", "abc"],
];
for (const [what, former, fresh, found] of joins) {
  test(what, () => {
    const page = withOlder(pageOf(fresh, "more"), pageOf(former, "last"));
    assert.equal(page.items.map(({ id }) => id).join(""), found);
    assert.equal(page.next_cursor, found === fresh ? "more" : "last");
  });
}

test("what fits on one page is all there is", () => {
  assert.equal(withOlder(pageOf("ab", null), pageOf("abcd", null)).items.length, 2);
});
