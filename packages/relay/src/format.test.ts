import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultFormat, parseFormat, placeholders } from "./format.ts";
import { recordOf } from "./record.kit.ts";

function lineOf(format: string, ...changes: Parameters<typeof recordOf>): string {
  const parsed = parseFormat(format);
  assert.equal(parsed.kind, "ok");
  return parsed.kind === "ok" ? parsed.value(recordOf(...changes)) : "";
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}

describe("a format", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["{target_name} is {result}", "api is down"],
    ["{target_id}", "0190a2b4-0000-7000-8000-000000000001"],
    ["{value}|{latency_ms}|{reason}|{status}", "-1|12.346|refused|degraded"],
    ["{kind} {target} from {location}", "http https://example.org/ from local"],
    ["{time}", "2026-02-03T04:05:06.789Z"],
    ["{{value}} {value}", "{value} -1"],
    ["no placeholder at all", "no placeholder at all"],
    ["", ""],
  ];
  for (const [format, expected] of rows) {
    it(`writes ${JSON.stringify(format)} as ${JSON.stringify(expected)}`, () => {
      assert.equal(lineOf(format), expected);
    });
  }

  it("writes local time as Amaunator does, second by second", () => {
    const at = new Date(2026, 0, 2, 3, 4, 5).getTime();
    assert.equal(lineOf(defaultFormat, { at: timeOf(at) }), "2026-01-02 03:04:05 - api - -1");
    assert.equal(lineOf("{timestamp}", { at: timeOf(at + 999) }), "2026-01-02 03:04:05");
    assert.equal(lineOf("{timestamp}", { at: timeOf(at + 1000) }), "2026-01-02 03:04:06");
  });

  it("writes a dash where there is no reason and no response time", () => {
    assert.equal(lineOf("{reason} {latency_ms}", { reason: null, latency_ms: null }), "- -");
  });

  it("keeps a record on one line whatever the name holds", () => {
    const name = "a\r\nb\u0000c\u2028d\te";
    assert.equal(lineOf("{target_name}", { name }), "a b c d e");
  });

  it("names every placeholder it knows when it meets one it does not", () => {
    const parsed = parseFormat("{value} {vlaue}", "outputs[0].format");
    assert.deepEqual(parsed, {
      kind: "bad",
      problems: [
        {
          path: "outputs[0].format",
          message: `expected a placeholder of ${Object.keys(placeholders).join(", ")}, found {vlaue}`,
        },
      ],
    });
  });

  for (const format of ["{value", "value}", "{{value}", "{", "{a{value}}", "one\ntwo", "\r"]) {
    it(`refuses ${JSON.stringify(format)}`, () => {
      assert.equal(parseFormat(format).kind, "bad");
    });
  }
});
