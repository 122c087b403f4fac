import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionView } from "@belfry/contract";
import { createClient } from "../api/client.ts";
import type { Reply } from "../api/failure.ts";
import { createAccess, mayAdminister, mayWrite, type Access, type AccessState } from "./access.ts";

const session: SessionView = {
  kind: "session",
  name: "ann",
  scopes: ["read"],
  csrf_token: "t",
  expires_at: null,
};
const needsKey = {
  kind: "failed",
  failure: {
    kind: "problem",
    status: 401,
    code: "unauthenticated",
    title: "",
    detail: "",
    advice: "",
    problems: [],
  },
} as const;

/** Access in front of a hub that gives these answers, one after the other. */
function accessWith(...answers: Reply<unknown>[]) {
  const client = createClient({
    ask: <T>(): Promise<Reply<T>> => {
      const answer = answers.shift();
      assert.ok(answer, "nothing more was expected to be asked");
      return Promise.resolve(answer as Reply<T>);
    },
  });
  return createAccess(() => client);
}

function stateOf(access: Access): AccessState["kind"] {
  return access.state.value.kind;
}

test("without a key that is needed one is out; a good key brings its session's token", async () => {
  const access = accessWith(needsKey, needsKey, { kind: "ok", value: session });
  assert.equal(stateOf(access), "asking");
  await access.ask();
  assert.equal(stateOf(access), "out");
  assert.equal(access.csrfToken(), null);
  assert.deepEqual(await access.signIn("bad"), needsKey.failure);
  assert.equal(stateOf(access), "out");
  assert.equal(await access.signIn("good"), undefined);
  assert.equal(access.csrfToken(), "t");
});

test("a hub that cannot be reached sends nobody out", async () => {
  const unreachable = { kind: "failed", failure: { kind: "unreachable" } } as const;
  const access = accessWith(unreachable, { kind: "ok", value: session }, unreachable);
  await access.ask();
  assert.deepEqual(access.state.value, { kind: "in", session: null });
  await access.ask();
  await access.ask();
  assert.deepEqual(access.state.value, { kind: "in", session });
});

test("a session that has ended, or was left, is out", async () => {
  const access = accessWith({ kind: "ok", value: session }, { kind: "ok", value: undefined });
  await access.ask();
  access.expelled();
  assert.equal(stateOf(access), "out");
  await access.signOut();
  assert.equal(stateOf(access), "out");
});

test("changes are offered to those who may make them", () => {
  assert.equal(mayWrite({ kind: "in", session }), false);
  assert.equal(mayWrite({ kind: "in", session: { ...session, scopes: ["write"] } }), true);
  assert.equal(mayWrite({ kind: "in", session: { ...session, scopes: ["admin"] } }), true);
  assert.equal(mayWrite({ kind: "in", session: null }), true);
  const may = (scopes: typeof session.scopes) =>
    mayAdminister({ kind: "in", session: { ...session, scopes } });
  assert.deepEqual([may(["write"]), may(["admin"])], [false, true]);
});
