/** What the store promises about keys, sessions, audit and repeated requests. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../../model/id.ts";
import type { RememberedAnswer, Session } from "../port.ts";
import { auditOf, create, keyOf, type ContractStores } from "./fixtures.ts";

const sessionOf = (keyId: Session["keyId"], over: Partial<Session> = {}): Session => ({
  hash: createId(1),
  keyId,
  csrf: "token",
  createdAt: 1000,
  expiresAt: 5000,
  ...over,
});

const answerOf = (over: Partial<RememberedAnswer> = {}): RememberedAnswer => ({
  principal: "key:1",
  key: "a-key",
  requestHash: "hash",
  status: 201,
  body: '{"name":"\u0000 ü"}',
  at: 1000,
  ...over,
});

export function accessContract({ open }: ContractStores): void {
  describe("keys", () => {
    test("come back as they were made, the oldest first", async () => {
      await using store = await open();
      const late = keyOf({ createdAt: 2000, scopes: ["ingest"] });
      const early = keyOf({ name: "ü", lastUsedAt: 5, revokedAt: 6 });
      await store.createKey(late, auditOf());
      await store.createKey(early, auditOf());
      assert.deepEqual(await store.keys(), [early, late]);
    });

    test("are refused when id or hash is taken", async () => {
      await using store = await open();
      const key = keyOf();
      await store.createKey(key, auditOf());
      const sameHash = keyOf({ hash: key.hash });
      await assert.rejects(store.createKey(key, auditOf()), { code: "conflict" });
      await assert.rejects(store.createKey(sameHash, auditOf()), { code: "conflict" });
      assert.deepEqual(await store.keys(), [key]);
      assert.equal((await store.auditEntries({ limit: 9 })).length, 1);
    });

    test("are revoked once, with the sessions made from them", async () => {
      await using store = await open();
      const [key, other] = [keyOf(), keyOf()];
      const [mine, theirs] = [sessionOf(key.id), sessionOf(other.id)];
      for (const one of [key, other]) await store.createKey(one, auditOf());
      for (const one of [mine, theirs]) await store.createSession(one);
      const audit = auditOf({ action: "revoke" });
      assert.equal(await store.revokeKey(key.id, 3000, audit), true);
      assert.equal(await store.revokeKey(key.id, 4000, audit), false);
      assert.equal(await store.revokeKey(createId(1), 4000, audit), false);
      assert.equal((await store.keys()).find((one) => one.id === key.id)?.revokedAt, 3000);
      assert.equal(await store.session(mine.hash), undefined);
      assert.deepEqual(await store.session(theirs.hash), theirs);
      assert.equal((await store.auditEntries({ limit: 9 })).length, 3);
      await assert.rejects(store.createSession(sessionOf(key.id)), { code: "conflict" });
    });

    test("remember their last use, which never goes back", async () => {
      await using store = await open();
      const [a, b] = [keyOf(), keyOf({ lastUsedAt: 9000 })];
      for (const one of [a, b]) await store.createKey(one, auditOf());
      await store.touchKeys([
        { id: b.id, at: 5000 },
        { id: a.id, at: 5000 },
        { id: createId(1), at: 5000 },
      ]);
      const used = new Map((await store.keys()).map((one) => [one.id, one.lastUsedAt]));
      assert.deepEqual([used.get(a.id), used.get(b.id)], [5000, 9000]);
    });
  });

  describe("sessions", () => {
    test("are kept until they are deleted or long expired", async () => {
      await using store = await open();
      const key = keyOf();
      await store.createKey(key, auditOf());
      const [first, second, third] = [
        sessionOf(key.id, { expiresAt: 2000 }),
        sessionOf(key.id, { createdAt: 2000 }),
        sessionOf(key.id, { createdAt: 2001 }),
      ];
      await store.createSession(first);
      await store.createSession(second);
      assert.deepEqual(await store.session(first.hash), first);
      await store.createSession(third);
      assert.equal(await store.session(first.hash), undefined);
      await store.deleteSession(second.hash);
      await store.deleteSession("unknown");
      assert.equal(await store.session(second.hash), undefined);
      assert.deepEqual(await store.session(third.hash), third);
    });
  });

  describe("the audit", () => {
    test("is read newest first, page by page", async () => {
      await using store = await open();
      for (const name of ["a", "b", "c"]) {
        const entry = auditOf({ action: name, detail: name === "a" ? undefined : [name, null] });
        const key = keyOf();
        await store.createKey(key, entry);
      }
      const page = await store.auditEntries({ limit: 2 });
      assert.deepEqual(
        page.map((one) => [one.action, one.detail]),
        [
          ["c", ["c", null]],
          ["b", ["b", null]],
        ],
      );
      const cursor = page.at(-1)?.sequence ?? 0;
      const { sequence: _, ...last } = (await store.auditEntries({ cursor, limit: 2 }))[0] ?? {};
      assert.deepEqual(last, auditOf({ action: "a", detail: null }));
    });
  });

  describe("an answer to a repeated request", () => {
    test("is the first one, for each principal and key", async () => {
      await using store = await open();
      const first = answerOf();
      assert.deepEqual(await store.rememberAnswer(first), first);
      assert.deepEqual(await store.rememberAnswer(answerOf({ status: 500, at: 2000 })), first);
      const theirs = answerOf({ principal: "key:2", status: 202 });
      assert.deepEqual(await store.rememberAnswer(theirs), theirs);
      assert.deepEqual(await store.rememberedAnswer("key:1", "a-key"), first);
      assert.equal(await store.rememberedAnswer("key:1", "other"), undefined);
    });

    test("is the same for requests at the same moment", async () => {
      await using store = await open();
      const answers = Array.from({ length: 8 }, (_, i) => answerOf({ body: `${i}` }));
      const given = await Promise.all(answers.map((one) => store.rememberAnswer(one)));
      assert.equal(new Set(given.map((one) => one.body)).size, 1);
    });

    test("is forgotten after a day", async () => {
      await using store = await open();
      await store.rememberAnswer(answerOf());
      const next = answerOf({ at: 86_401_001, body: "next" });
      assert.deepEqual(await store.rememberAnswer(next), next);
    });

    test("is refused under a key that holds U+0000", async () => {
      await using store = await open();
      await assert.rejects(store.rememberAnswer(answerOf({ key: "\0" })), { code: "invalid" });
      await assert.rejects(store.rememberedAnswer("key:1", "\0"), { code: "invalid" });
    });
  });

  describe("a store", () => {
    test("answers a ping, and says what waits", async () => {
      await using store = await open();
      await store.ping();
      const made = create(store);
      assert.equal(
        store.queues().reduce((sum, one) => sum + one.depth, 0),
        1,
      );
      await made;
      assert.ok(store.queues().every((one) => one.depth === 0 && one.oldestMs === 0));
    });

    test("that was closed refuses every call", async () => {
      const store = await open();
      await store[Symbol.asyncDispose]();
      await assert.rejects(store.keys(), { code: "unavailable" });
      await assert.rejects(store.ping(), { code: "unavailable" });
      await store[Symbol.asyncDispose]();
    });

    test("finishes what it was asked before it closes", async () => {
      await using store = await open();
      const made = Promise.all(Array.from({ length: 20 }, () => create(store)));
      await store[Symbol.asyncDispose]();
      assert.equal((await made).length, 20);
    });
  });
}
