import assert from "node:assert/strict";
import { test } from "node:test";
import { assertDeclared, type GivenAnswer } from "./answer.kit.ts";
import { openTestHub } from "./hub.kit.ts";

const health = {
  status: "ok",
  service: "belfry",
  version: "1",
  uptime_seconds: 1,
  expected_client_version: "dev",
  latest_version: null,
};
const answer: GivenAnswer = {
  method: "GET",
  url: "/health?x=1",
  status: 200,
  contentType: "application/json; charset=utf-8",
  payload: JSON.stringify(health),
};

const rows: { title: string; over: Partial<GivenAnswer>; isFine: boolean }[] = [
  { title: "as it is declared", over: {}, isFine: true },
  {
    title: "with a key too many",
    over: { payload: JSON.stringify({ ...health, more: 1 }) },
    isFine: false,
  },
  { title: "with a key too few", over: { payload: '{"status":"ok"}' }, isFine: false },
  {
    title: "with a wrong value",
    over: { payload: JSON.stringify({ ...health, version: 1 }) },
    isFine: false,
  },
  { title: "with a status that is not declared", over: { status: 418 }, isFine: false },
  { title: "of another content type", over: { contentType: "text/html" }, isFine: false },
  { title: "200 where there is no route", over: { url: "/nope" }, isFine: false },
  { title: "404 where there is no route", over: { url: "/nope", status: 404 }, isFine: true },
];

test("the answers of tests are held against the schemas", async (t) => {
  const hub = await openTestHub(t);
  for (const { title, over, isFine } of rows) {
    const check = (): void => assertDeclared(hub.api.routes, { ...answer, ...over });
    if (isFine) check();
    else assert.throws(check, assert.AssertionError, title);
  }
});
