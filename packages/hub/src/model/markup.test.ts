import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeMarkup } from "./markup.ts";

test("what would be markup is shown as it was written", () => {
  assert.equal(
    escapeMarkup(`<a b="c">'&amp;'</a>`),
    "&lt;a b=&quot;c&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;",
  );
  assert.equal(escapeMarkup("plain ü"), "plain ü");
});
