import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSelector } from "./selector.ts";

describe("a selector", () => {
  const rows: { text: string; matchers: string[] }[] = [
    { text: "up", matchers: ["__name__=up"] },
    { text: " job:up:sum ", matchers: ["__name__=job:up:sum"] },
    { text: 'up{job="a"}', matchers: ["__name__=up", "job=a"] },
    {
      text: 'up { job = "a" , instance!="b", }',
      matchers: ["__name__=up", "job=a", "instance!=b"],
    },
    {
      text: '{__name__=~"probe_.+",kind!~"tcp|dns"}',
      matchers: ["__name__=~probe_.+", "kind!~tcp|dns"],
    },
    { text: "up{a='it\\'s'}", matchers: ["__name__=up", "a=it's"] },
    { text: String.raw`up{a="q\"\\\n"}`, matchers: ["__name__=up", 'a=q"\\\n'] },
    { text: "up{}", matchers: ["__name__=up"] },
    { text: '{a!=""}', matchers: ["a!="] },
  ];
  for (const { text, matchers } of rows) {
    test(`reads ${text}`, () => {
      const parsed = parseSelector(text);
      assert.ok(parsed.kind === "ok", JSON.stringify(parsed));
      assert.deepEqual(
        parsed.value.map(({ label, operator, value }) => label + operator + value),
        matchers,
      );
    });
  }

  const refused: { text: string; because: RegExp }[] = [
    { text: "", because: /expected a selector/ },
    { text: "{}", because: /expected a selector/ },
    { text: "up{", because: /expected a selector/ },
    { text: 'up{job="a"', because: /expected a selector/ },
    { text: "up{job=a}", because: /expected a selector/ },
    { text: 'up{job=="a"}', because: /expected a selector/ },
    { text: 'up{job="a"} or x', because: /expected a selector/ },
    { text: "1up", because: /expected a selector/ },
    { text: 'up{a=~"("}', because: /pattern of a/ },
    { text: String.raw`up{a=~"(?=b)"}`, because: /pattern of a/ },
    { text: '{a=""}', because: /at least one condition/ },
    { text: '{a=~".*"}', because: /at least one condition/ },
    { text: '{a!="b"}', because: /at least one condition/ },
  ];
  for (const { text, because } of refused) {
    test(`refuses ${text}`, () => {
      const parsed = parseSelector(text);
      assert.match(
        parsed.kind === "bad" ? (parsed.problems[0]?.message ?? "") : "accepted",
        because,
      );
    });
  }
});
