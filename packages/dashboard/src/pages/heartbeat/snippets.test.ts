import assert from "node:assert/strict";
import { test } from "node:test";
import { snippetsOf } from "./snippets.ts";

const url = "https://belfry.example/ping/0198c0de-0000-7000-8000-000000000001";

test("every snippet calls the address of the heartbeat", () => {
  const snippets = snippetsOf(url, "5 4 * * *");
  assert.equal(snippets.length, 7);
  for (const { name, text } of snippets) assert.ok(text.includes(url), name);
});

test("the line of the crontab has the schedule, and tells the exit code", () => {
  const cron = snippetsOf(url, "5 4 * * *").find(({ name }) => name === "Cron");
  assert.match(cron?.text ?? "", /^5 4 \* \* \* .*\/\$\?$/);
});

test("systemd is left the names of variables for its shell", () => {
  const unit = snippetsOf(url, "").find(({ name }) => name === "systemd");
  const lines = (unit?.text ?? "").split("\n").slice(-2);
  assert.match(lines[0] ?? "", /"\$\$SERVICE_RESULT" = success .*\\$/);
  assert.match(lines[1] ?? "", /\$\$end"'$/);
});
