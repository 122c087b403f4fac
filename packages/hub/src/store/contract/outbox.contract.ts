/** What the store promises about notices from their decision to their end. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../../model/id.ts";
import type { Delivery, NewNotice, NoticeId } from "../../model/notice.ts";
import type { SettledNotice } from "../operations/notices.ts";
import type { Store } from "../port.ts";
import { noticeOf, putNotices, signalOf } from "./alerting-fixtures.ts";
import type { ContractStores } from "./fixtures.ts";

const ops = createId<"channel">(1);
const night = createId<"channel">(2);
const [a, b] = [createId<"incident">(1), createId<"incident">(2)];

const query = { now: 2000, claimUntil: 9000, except: [], limit: 99 };

type DueQuery = Parameters<Store["dueNotices"]>[0];

const due = async (store: Store, over: Partial<DueQuery> = {}): Promise<readonly NoticeId[]> => {
  const { notices } = await store.dueNotices({ ...query, ...over });
  return notices.map(({ notice }) => notice.id);
};

const idsOf = (notices: readonly NewNotice[]): readonly NoticeId[] =>
  notices.map(({ notice }) => notice.id);

const settledOf = (id: NoticeId, over: Partial<SettledNotice> = {}): SettledNotice => ({
  id,
  state: "sent",
  attempts: 1,
  nextAt: null,
  sentAt: 3000,
  why: null,
  delivery: deliveryOf(id),
  instead: [],
  signals: [],
  ...over,
});

const deliveryOf = (noticeId: NoticeId, over: Partial<Delivery> = {}): Delivery => ({
  noticeId,
  at: 3000,
  attempt: 1,
  result: "sent",
  why: null,
  request: "POST /hook",
  answer: "200",
  durationMs: 12.5,
  ...over,
});

export function outboxContract(stores: ContractStores): void {
  describe("notices", () => {
    handingOut(stores);
    order(stores);
    settling(stores);
    reading(stores);
    sharing(stores);
  });
}

function handingOut({ open }: ContractStores): void {
  test("are handed out when they are due, oldest first, to one only until the claim ends", async () => {
    await using store = await open();
    const [first, second, later] = [
      noticeOf(ops, [a], { at: 1500 }),
      noticeOf(night, [a]),
      noticeOf(ops, [b], { at: 7000 }),
    ];
    await putNotices(store, [first, second, later]);
    const { notices, nextAt } = await store.dueNotices(query);
    assert.deepEqual(
      notices,
      [first, second].map(({ notice, channelId }) => ({
        notice,
        channelId,
        isFallback: false,
        state: "waiting",
        attempts: 0,
        nextAt: notice.at,
        createdAt: notice.at,
        sentAt: null,
        why: null,
      })),
    );
    assert.equal(nextAt, 7000, "what is due next");
    assert.deepEqual(await due(store, { now: 6999 }), []);
    assert.deepEqual(await due(store, { now: 7000 }), idsOf([later]));
    assert.deepEqual(await due(store, { now: 8999 }), []);
    assert.deepEqual(await due(store, { now: 9000 }), idsOf([first, second, later]));
  });

  test("are handed out again once they are given back", async () => {
    await using store = await open();
    const all = [noticeOf(ops, [a]), noticeOf(ops, [b]), noticeOf(night, [a])];
    const ids = idsOf(all);
    await putNotices(store, all);
    assert.deepEqual(await due(store), ids);
    await store.releaseNotices(ids.slice(1, 2));
    await store.releaseNotices([]);
    assert.deepEqual(await due(store), ids.slice(1, 2));
    await store.releaseNotices("all");
    assert.deepEqual(await due(store, { limit: 2 }), ids.slice(0, 2));
    assert.deepEqual(await due(store), ids.slice(2));
  });

  test("of channels that take nothing at present are passed over", async () => {
    await using store = await open();
    const [first, second] = [noticeOf(ops, [a]), noticeOf(night, [a])];
    await putNotices(store, [first, second]);
    const { notices, nextAt } = await store.dueNotices({ ...query, except: [ops] });
    assert.deepEqual(
      notices.map(({ notice }) => notice.id),
      idsOf([second]),
    );
    assert.equal(nextAt, 9000, "the end of the claim, when the one who claimed is gone");
    assert.deepEqual(await due(store), idsOf([first]));
  });

  test("do not overtake one that only counts their incident", async () => {
    await using store = await open();
    const digest = { ...noticeOf(ops, [a]), counted: [b] };
    const over = noticeOf(ops, [b]);
    await putNotices(store, [digest, over]);
    assert.deepEqual(await due(store), idsOf([digest]));
  });

  test("that one took before are handed to it again, and to nobody else", async () => {
    await using store = await open();
    const [first, second] = [noticeOf(ops, [a]), noticeOf(night, [a])];
    await putNotices(store, [first, second]);
    const mine = { claimedBy: "hub-1" };
    assert.deepEqual(await due(store, mine), idsOf([first, second]));
    assert.deepEqual(await due(store, { claimedBy: "hub-2" }), []);
    assert.deepEqual(await due(store, { ...mine, except: [ops] }), idsOf([second]));
    assert.deepEqual(await due(store, mine), idsOf([first, second]));
  });

  test("of channels that are tried anew are due at once", async () => {
    await using store = await open();
    const [first, second] = [noticeOf(ops, [a]), noticeOf(night, [a])];
    await putNotices(store, [first, second]);
    for (const { notice } of [first, second]) {
      await store.settleNotice(settledOf(notice.id, { state: "waiting", nextAt: 60_000 }));
    }
    assert.deepEqual(await due(store), []);
    assert.deepEqual(await due(store, { anew: [night] }), idsOf([second]));
  });

  test("are put once, whoever puts them again", async () => {
    await using store = await open();
    const notice = noticeOf(ops, [a]);
    await putNotices(store, [notice]);
    await putNotices(store, [notice, noticeOf(ops, [])]);
    assert.equal((await store.notices({ limit: 9 })).length, 2);
  });
}

function order({ open }: ContractStores): void {
  test("of one incident come to a channel one after another; those of others do not wait", async () => {
    await using store = await open();
    const firing = noticeOf(ops, [a]);
    const resolved = noticeOf(ops, [a], { kind: "resolved" });
    const both = noticeOf(ops, [b, a], { kind: "digest" });
    const [elsewhere, other] = [noticeOf(night, [a]), noticeOf(ops, [b])];
    await putNotices(store, [firing, resolved, elsewhere, other, both]);
    assert.deepEqual(await due(store), idsOf([firing, elsewhere, other]));
    await store.settleNotice(settledOf(firing.notice.id));
    assert.deepEqual(await due(store), idsOf([resolved]));
    await store.settleNotice(settledOf(resolved.notice.id));
    assert.deepEqual(await due(store), [], "the digest waits for what tells of its other incident");
    await store.settleNotice(settledOf(other.notice.id, { state: "refused", sentAt: null }));
    assert.deepEqual(await due(store), idsOf([both]));
  });

  test("that are tried again keep what comes behind them waiting", async () => {
    await using store = await open();
    const [firing, resolved] = [noticeOf(ops, [a]), noticeOf(ops, [a], { kind: "resolved" })];
    await putNotices(store, [firing, resolved]);
    await due(store);
    const retry = deliveryOf(firing.notice.id, { result: "retry", why: "503" });
    const settled = settledOf(firing.notice.id, {
      state: "waiting",
      nextAt: 4000,
      sentAt: null,
      why: "503",
      delivery: retry,
    });
    assert.equal(await store.settleNotice(settled), true);
    const { notices, nextAt } = await store.dueNotices(query);
    assert.deepEqual([notices, nextAt], [[], 4000]);
    assert.deepEqual(await due(store, { now: 4000 }), idsOf([firing]));
  });
}

function settling({ open }: ContractStores): void {
  test("are settled once: who comes second changes nothing", async () => {
    await using store = await open();
    const notice = noticeOf(ops, [a]);
    const { id } = notice.notice;
    await putNotices(store, [notice]);
    assert.equal(await store.settleNotice(settledOf(id)), true);
    const late = settledOf(id, {
      state: "given_up",
      instead: [noticeOf(night, [a])],
      signals: [signalOf()],
    });
    assert.equal(await store.settleNotice(late), false);
    const kept = await store.notice(id);
    assert.deepEqual([kept?.state, kept?.attempts, kept?.sentAt], ["sent", 1, 3000]);
    assert.deepEqual(
      [await store.pendingSignals(9), (await store.deliveries(id, 9)).length],
      [[], 1],
    );
    assert.equal((await store.notices({ limit: 9 })).length, 1);
  });

  test("of which another wrote an attempt meanwhile are not settled by the attempt before", async () => {
    await using store = await open();
    const notice = noticeOf(ops, [a]);
    const { id } = notice.notice;
    await putNotices(store, [notice]);
    const waiting = settledOf(id, { state: "waiting", nextAt: 4000, sentAt: null });
    assert.equal(await store.settleNotice(waiting), true);
    assert.equal(await store.settleNotice(settledOf(id)), false);
    assert.equal(await store.settleNotice(settledOf(id, { attempts: 2 })), true);
    assert.equal((await store.notice(id))?.attempts, 2);
  });

  test("that are given up leave what is told instead, and what is told about the channel", async () => {
    await using store = await open();
    const notice = noticeOf(ops, [a]);
    const { id } = notice.notice;
    const instead = noticeOf(night, [a], { isFallback: true, route: "fallback" });
    const signal = signalOf({ rule: "channel_failing" });
    await putNotices(store, [notice]);
    const settled = settledOf(id, {
      state: "given_up",
      attempts: 0,
      sentAt: null,
      why: "a day\u0000",
      delivery: null,
      instead: [instead],
      signals: [signal],
    });
    assert.equal(await store.settleNotice(settled), true);
    assert.deepEqual(await store.deliveries(id, 9), [], "it was not attempted");
    assert.equal((await store.notice(id))?.why, "a day\ufffd");
    assert.equal((await store.notice(instead.notice.id))?.isFallback, true);
    assert.deepEqual(
      (await store.pendingSignals(9)).map((one) => one.signal),
      [signal],
    );
    assert.deepEqual(await due(store), idsOf([instead]));
  });

  test("have a log of their attempts, the newest first", async () => {
    await using store = await open();
    const notice = noticeOf(ops, [a]);
    const { id } = notice.notice;
    await putNotices(store, [notice]);
    const attempts = [1, 2, 3].map((attempt) =>
      deliveryOf(id, { attempt, result: "retry", answer: `\u0000 ${attempt}` }),
    );
    for (const delivery of attempts) {
      const { attempt } = delivery;
      const settled = { state: "waiting", attempts: attempt, nextAt: 4000, sentAt: null } as const;
      assert.equal(await store.settleNotice(settledOf(id, { ...settled, delivery })), true);
    }
    const expected = attempts
      .toReversed()
      .map((one) => ({ ...one, answer: `\ufffd ${one.attempt}` }));
    assert.deepEqual(await store.deliveries(id, 9), expected);
    assert.deepEqual(await store.deliveries(id, 1), expected.slice(0, 1));
    assert.deepEqual(await store.deliveries(createId<"notice">(1), 9), []);
  });
}

function reading({ open }: ContractStores): void {
  test("are found by incident, channel, state and page, newest first", async (t) => {
    await using store = await open();
    const [first, second, third, test4] = [
      noticeOf(ops, [a]),
      noticeOf(night, [a, b]),
      noticeOf(ops, [b]),
      noticeOf(ops, [], { kind: "test" }),
    ];
    await putNotices(store, [first, second]);
    await putNotices(store, [third, test4]);
    await store.settleNotice(settledOf(first.notice.id));
    const table = [
      { title: "all", query: {}, expected: [test4, third, second, first] },
      { title: "of an incident", query: { incidentId: a }, expected: [second, first] },
      { title: "of a channel", query: { channelId: ops }, expected: [test4, third, first] },
      { title: "that wait", query: { state: "waiting" }, expected: [test4, third, second] },
      { title: "the second page", query: { cursor: third.notice.id }, expected: [second, first] },
      {
        title: "of an incident and a channel",
        query: { incidentId: b, channelId: ops },
        expected: [third],
      },
      { title: "after one nobody knows", query: { cursor: createId<"notice">(9) }, expected: [] },
    ] as const;
    for (const { title, query: asked, expected } of table) {
      await t.test(title, async () => {
        const found = await store.notices({ ...asked, limit: 9 });
        assert.deepEqual(
          found.map(({ notice }) => notice.id),
          idsOf(expected),
        );
      });
    }
    assert.deepEqual(
      (await store.notices({ limit: 1 })).map(({ notice }) => notice.id),
      idsOf([test4]),
    );
    assert.equal(await store.notice(createId<"notice">(9)), undefined);
  });

  test("are counted by channel, and those of late by their route and time", async () => {
    await using store = await open();
    const sent = noticeOf(ops, [a], { at: 1000 });
    await putNotices(store, [
      noticeOf(ops, [b], { at: 3000, route: "r" }),
      sent,
      noticeOf(night, [b], { at: 2000 }),
    ]);
    await store.settleNotice(settledOf(sent.notice.id));
    assert.deepEqual(await store.recentNotices(2000), [
      { route: "default", channelId: night, at: 2000 },
      { route: "r", channelId: ops, at: 3000 },
    ]);
    const totals = (await store.channelTotals()).toSorted((one, other) =>
      one.channelId < other.channelId ? -1 : 1,
    );
    assert.deepEqual(totals, [
      { channelId: ops, waiting: 1, lastSentAt: 3000 },
      { channelId: night, waiting: 1, lastSentAt: null },
    ]);
  });

  test("are forgotten a quarter after they were done with, their attempts a month after", async () => {
    await using store = await open();
    const day = 86_400_000;
    const [sent, waiting] = [noticeOf(ops, [a]), noticeOf(ops, [b])];
    await putNotices(store, [sent, waiting]);
    await store.settleNotice(settledOf(sent.notice.id));
    await store.maintain(31 * day);
    assert.deepEqual(await store.deliveries(sent.notice.id, 9), []);
    assert.equal((await store.notice(sent.notice.id))?.state, "sent");
    await store.maintain(91 * day);
    assert.equal(await store.notice(sent.notice.id), undefined);
    assert.equal((await store.notice(waiting.notice.id))?.state, "waiting");
  });

  test("are signed by a key that is made once", async () => {
    await using store = await open();
    assert.equal(await store.secret("links", "first"), "first");
    assert.equal(await store.secret("links", "second"), "first");
    assert.equal(await store.secret("other", "third"), "third");
  });
}

function sharing({ engine, open, createDatabase }: ContractStores): void {
  const alone = engine === "sqlite" ? { skip: "one process has the file" } : {};
  test("are handed out to one of several hubs, however many ask at once", alone, async () => {
    const database = await createDatabase();
    await using stack = new AsyncDisposableStack();
    const stores = await Promise.all([open(database), open(database), open(database)]);
    for (const store of stores) stack.use(store);
    const [first] = stores;
    const incidents = Array.from({ length: 60 }, (_, n) => createId<"incident">(n));
    const firing = incidents.map((id) => noticeOf(ops, [id]));
    const resolved = incidents.map((id) => noticeOf(ops, [id], { kind: "resolved" }));
    await putNotices(first, [...firing, ...resolved]);
    const taken: NoticeId[] = [];
    while (taken.length < firing.length + resolved.length) {
      const asked = stores.flatMap((store) => [due(store, { limit: 7 }), due(store, { limit: 3 })]);
      const got = (await Promise.all(asked)).flat();
      const settled = await Promise.all(
        got.flatMap((id) => stores.map((store) => store.settleNotice(settledOf(id)))),
      );
      assert.equal(settled.filter(Boolean).length, got.length, "each is settled once");
      taken.push(...got);
    }
    assert.equal(new Set(taken).size, taken.length, "none twice");
    for (const [n, one] of idsOf(firing).entries()) {
      const after = idsOf(resolved)[n];
      assert.ok(after !== undefined && taken.indexOf(one) < taken.indexOf(after));
    }
  });
}
