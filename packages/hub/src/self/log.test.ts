import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";

function linesOf(
  format: "json" | "text",
  act: (log: ReturnType<typeof createLog>) => void,
): string[] {
  const lines: string[] = [];
  act(createLog({ level: "info", format }, (line) => lines.push(line)));
  return lines;
}

test("writes one JSON object a line with the error's cause", () => {
  const [line] = linesOf("json", (log) =>
    log.error({ err: new Error("store failed", { cause: new Error("disk full") }) }, "commit"),
  );
  const record = JSON.parse(line ?? "") as {
    msg: string;
    err: { message: string; cause: { message: string } };
  };
  assert.equal(record.msg, "commit");
  assert.equal(record.err.message, "store failed");
  assert.equal(record.err.cause.message, "disk full");
});

test("writes text for people, one line an entry", () => {
  const [line] = linesOf("text", (log) =>
    log.warn({ err: new Error("no room"), file: "a b" }, "cannot write"),
  );
  assert.match(line ?? "", /^\d\d:\d\d:\d\d WARNING cannot write file="a b" \(no room\)\n$/);
});

test("leaves out what is below its level", () => {
  assert.deepEqual(
    linesOf("text", (log) => log.debug("detail")),
    [],
  );
});
