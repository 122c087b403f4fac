import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clipEscaped, detailsOf, lineOf, linesOf, linksOf, toneOf } from "./details.ts";
import { incidentOf, noticeOf, resolvedOf } from "./notice.kit.ts";

describe("details of an incident", () => {
  it("name the target of one subject, and nothing that is not there", () => {
    assert.deepEqual(detailsOf(incidentOf({ facts: [{ name: "\u0000", value: "x" }] })), [
      { name: "Target", value: "https://example.org/" },
      { name: "Since", value: "2026-02-03 04:05:06 UTC" },
    ]);
  });

  it("name the cause, who is affected, how long it took and who took it", () => {
    const openedAt = Date.UTC(2026, 0, 1);
    const incident = incidentOf({
      cause: "web-1 is silent",
      affected: 40,
      openedAt,
      resolvedAt: openedAt + 90_000,
      acknowledgedBy: "ada",
    });
    assert.deepEqual(
      detailsOf(incident).map(({ name, value }) => `${name}: ${value}`),
      [
        "Cause: web-1 is silent",
        "Affected: api and 39 more",
        "Since: 2026-01-01 00:00:00 UTC",
        "Over after: 1 min 30 s",
        "Taken by: ada",
        "failures in a row: 2",
      ],
    );
  });

  it("have the links that there are", () => {
    const titles = linksOf(incidentOf()).map(({ title }) => title);
    assert.deepEqual(titles, ["Open", "Acknowledge", "Snooze"]);
    assert.deepEqual(linksOf(incidentOf({ links: null })), []);
  });
});

describe("the tone of a notice", () => {
  const firing = noticeOf();
  const rows = [
    { what: "critical", notice: firing, tone: "critical" },
    {
      what: "info",
      notice: noticeOf({ incidents: [incidentOf({ severity: "info" })] }),
      tone: "info",
    },
    { what: "over", notice: resolvedOf(firing), tone: "good" },
    {
      what: "over in part",
      notice: noticeOf({ incidents: [incidentOf(), incidentOf({ status: "resolved" })] }),
      tone: "critical",
    },
    { what: "a test", notice: noticeOf({ kind: "test" }), tone: "neutral" },
  ];
  for (const { what, notice, tone } of rows) {
    it(`is ${tone} when it is ${what}`, () => assert.equal(toneOf(notice), tone));
  }
});

describe("a text that is fit to be sent", () => {
  it("has no control characters and no halves of characters", () => {
    assert.equal(lineOf("a\u0000b\r\nc \ud800d\u202e "), "a b c \ufffdd");
    assert.equal(linesOf("\n a\u0007 \r\nb\rc\n\n"), "a\nb\nc");
  });

  const escape = (sign: string): string => (sign === "&" ? "&amp;" : sign);
  const rows = [
    { text: "abc", most: 3, expected: "abc" },
    { text: "abcd", most: 3, expected: "ab…" },
    { text: "a&", most: 6, expected: "a&amp;" },
    { text: "a&b", most: 6, expected: "a…" },
    { text: "a🔔b", most: 3, expected: "a…" },
    { text: "🔔", most: 2, expected: "🔔" },
    { text: "", most: 3, expected: "" },
  ];
  for (const { text, most, expected } of rows) {
    it(`"${text}" becomes "${expected}" within ${most}`, () => {
      assert.equal(clipEscaped(text, most, escape), expected);
    });
  }
});
