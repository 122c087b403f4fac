import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SendResult } from "../model/channel-kind.ts";
import { AppError } from "../model/error.ts";
import { openTrial, signalsOf, statesOf, type Trial } from "./delivery.kit.ts";

const sent: SendResult = { kind: "sent" };
const away: SendResult = { kind: "retry", why: "HTTP 500" };
const wrong: SendResult = { kind: "misconfigured", why: "HTTP 404" };
const refused: SendResult = { kind: "refused", why: "HTTP 400" };
const day = 86_400;

const timesOf = ({ asked }: Trial, channel = "ops"): readonly number[] =>
  asked.flatMap((one) => (one.channel === channel ? [Math.round(one.at)] : []));
const titlesOf = ({ asked }: Trial): readonly string[] => asked.map(({ title }) => title);

/** A channel that has one notice to deliver, as soon as somebody looks. */
async function withNotice(trial: Trial): ReturnType<Trial["channel"]> {
  const channel = await trial.channel("ops");
  await trial.put(channel, "api is down");
  return channel;
}

describe("what waits is tried again", () => {
  test("after 1 s, 2 s, 4 s … up to five minutes while the provider is away", async () => {
    await using trial = await openTrial();
    await withNotice(trial);
    trial.answer = () => away;
    trial.delivery().wake();
    await trial.pass(1_200);
    assert.deepEqual(timesOf(trial), [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111]);
    trial.answer = () => sent;
    await trial.pass(300);
    assert.equal(timesOf(trial).length, 13);
    await trial.pass(600);
    assert.equal(timesOf(trial).length, 13, "and not once more");
  });

  test("when the provider asked for it", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    trial.answer = ({ at }) =>
      at < 200 ? { kind: "retry", why: "HTTP 429", afterMs: 90_000 } : sent;
    trial.delivery().wake();
    await trial.pass(100);
    assert.equal(trial.delivery().trouble(channel.id)?.failure, "throttled");
    await trial.put(channel, "db is down");
    await trial.pass(200);
    assert.deepEqual(timesOf(trial), [0, 90, 180, 270, 270], "others of the channel wait as well");
    assert.equal(trial.delivery().trouble(channel.id), null);
  });

  test("every minute while settings are wrong, and at once when they are changed", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    trial.answer = ({ version }) => (version === 1 ? wrong : sent);
    trial.delivery().wake();
    await trial.pass(150);
    assert.deepEqual(timesOf(trial), [0, 60, 120]);
    assert.deepEqual(await signalsOf(trial.store), ["ops raised"], "told once");
    await trial.change(channel, {});
    trial.delivery().wake();
    await trial.calm();
    assert.deepEqual(timesOf(trial), [0, 60, 120, 150]);
    assert.deepEqual(await signalsOf(trial.store), ["ops raised", "ops cleared"]);
    assert.deepEqual(trial.closed, ["ops"], "the channel with the former settings was closed");
  });

  test("with settings that were changed while it was sent, as soon as that failed", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    const answer = Promise.withResolvers<SendResult>();
    trial.answer = ({ version }) => (version === 1 ? answer.promise : sent);
    trial.delivery().wake();
    await trial.calm();
    await trial.change(channel, {});
    trial.delivery().wake();
    await trial.calm();
    assert.equal(trial.asked.length, 1, "never two at a time");
    answer.resolve(wrong);
    await trial.calm();
    assert.deepEqual(timesOf(trial), [0, 0]);
  });

  test("when a channel fails inside, and somebody is told of the defect", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    trial.answer = () => {
      throw new TypeError("undefined is not a function");
    };
    trial.delivery().wake();
    await trial.calm();
    assert.match(String(trial.errors[0]), /not a function/);
    assert.equal(trial.delivery().trouble(channel.id)?.failure, "defect");
    trial.answer = () => sent;
    await trial.pass(2);
    assert.deepEqual(await statesOf(trial.store, channel.id), ["api is down: sent"]);
  });
});

describe("what cannot be delivered", () => {
  test("because it is refused is not tried again, and the fallback channels are told", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    const net = await trial.channel("net", { isFallback: true, isDefault: false });
    await trial.channel("off", { isFallback: true, enabled: false });
    trial.answer = ({ channel: name }) => (name === "ops" ? refused : sent);
    trial.delivery().wake();
    await trial.pass(600);
    assert.deepEqual(timesOf(trial), [0]);
    assert.deepEqual(timesOf(trial, "net"), [0]);
    assert.deepEqual(await statesOf(trial.store, channel.id), ["api is down: refused"]);
    const [told] = await trial.store.notices({ channelId: net.id, limit: 1 });
    assert.match(told?.notice.text ?? "", /^ops refused this\./);
    assert.ok((await signalsOf(trial.store)).includes("ops raised"));
  });

  test("is given up after a day, also where the provider wants more time; what is a fallback stays one", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    const net = await trial.channel("net", { isFallback: true, isDefault: false });
    const afterMs = 5 * day * 1000;
    trial.answer = () => ({ kind: "retry", why: "HTTP 429", afterMs });
    trial.delivery().wake();
    await trial.leap(day - 5);
    assert.deepEqual(await statesOf(trial.store, channel.id), ["api is down: waiting"]);
    await trial.pass(10);
    assert.deepEqual(await statesOf(trial.store, channel.id), ["api is down: given_up"]);
    assert.deepEqual(timesOf(trial), [0, day]);
    assert.deepEqual(await signalsOf(trial.store), ["ops raised"]);
    await trial.leap(day);
    assert.deepEqual(await statesOf(trial.store, net.id), ["api is down: given_up"]);
    assert.equal((await trial.store.notices({ limit: 9 })).length, 2, "not told in circles");
  });

  for (const { what, over } of [
    { what: "switched off", over: { enabled: false } },
    { what: "deleted", over: null },
  ]) {
    test(`because its channel is ${what} is dropped, and its trouble is over`, async () => {
      await using trial = await openTrial();
      const channel = await withNotice(trial);
      trial.answer = () => wrong;
      trial.delivery().wake();
      await trial.pass(1);
      if (over === null) await trial.store.deleteAlertSetting("channel", channel.id, 1, audit);
      else await trial.change(channel, over);
      await trial.pass(120);
      assert.deepEqual(await statesOf(trial.store, channel.id), ["api is down: dropped"]);
      assert.deepEqual(await signalsOf(trial.store), ["ops raised", "ops cleared"]);
      assert.deepEqual(timesOf(trial), [0]);
      assert.equal(trial.delivery().trouble(channel.id), null);
    });
  }

  test("because its channel was made after the settings were read is not dropped", async () => {
    await using trial = await openTrial();
    let isMade = false;
    trial.fault = (name, when) => {
      if (name === "dueNotices" && when === "before" && !isMade) {
        isMade = true;
        trial.delivery().wake();
        throw new AppError("unavailable", "busy");
      }
    };
    trial.delivery().wake();
    const channel = await withNotice(trial);
    await trial.pass(10);
    assert.deepEqual(await statesOf(trial.store, channel.id), ["api is down: sent"]);
  });
});

const audit = {
  at: 1,
  actor: "ada",
  action: "delete",
  resource: "channel",
  resourceId: "1",
  detail: null,
};

describe("the order and the pace", () => {
  test("of one incident a channel is told in order; other channels do not wait", async () => {
    await using trial = await openTrial();
    const [ops, boss] = [await trial.channel("ops"), await trial.channel("boss")];
    const { notice } = await trial.put(ops, "down");
    const { incidents } = notice;
    await trial.put(ops, "over", { incidents, kind: "resolved" });
    await trial.put(boss, "down for boss", { incidents });
    trial.answer = ({ channel, at }) => (channel === "ops" && at < 10 ? away : sent);
    trial.delivery().wake();
    await trial.pass(30);
    assert.deepEqual([...new Set(titlesOf(trial))].toSorted(), ["down", "down for boss", "over"]);
    assert.equal(titlesOf(trial).at(-1), "over");
    assert.deepEqual(timesOf(trial, "boss"), [0]);
  });

  test("a provider is told no faster than it allows", async () => {
    await using trial = await openTrial({ limit: { notices: 2, perMs: 10_000 } });
    const channel = await trial.channel("ops");
    for (let i = 0; i < 6; i += 1) await trial.put(channel, `incident ${i}`);
    trial.delivery().wake();
    await trial.pass(30);
    assert.deepEqual(timesOf(trial), [0, 0, 10, 10, 20, 20]);
    assert.deepEqual(
      titlesOf(trial),
      [0, 1, 2, 3, 4, 5].map((i) => `incident ${i}`),
    );
  });

  test("what is to be told after a limit that ends soon stays in hand", async () => {
    await using trial = await openTrial({ limit: { notices: 1, perMs: 1_000 } });
    const channel = await trial.channel("ops");
    for (let i = 0; i < 4; i += 1) await trial.put(channel, `incident ${i}`);
    let released = 0;
    trial.fault = (name) => {
      if (name === "releaseNotices") released += 1;
    };
    trial.delivery().wake();
    await trial.pass(5);
    assert.deepEqual(timesOf(trial), [0, 1, 2, 3]);
    assert.equal(released, 0);
  });

  test("a provider that hangs is left after half a minute, and holds up nobody else", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    const other = await trial.channel("other");
    await trial.put(other, "db is down");
    trial.answer = ({ channel: name, at }, signal) =>
      name === "other" || at > 30 ? sent : untilAborted(signal);
    trial.delivery().wake();
    await trial.pass(29);
    assert.deepEqual(timesOf(trial, "other"), [0]);
    await trial.pass(10);
    assert.deepEqual(timesOf(trial), [0, 31]);
    const [first] = (await trial.store.notices({ channelId: channel.id, limit: 1 })).map(
      ({ notice }) => notice,
    );
    assert.ok(first !== undefined);
    const attempts = await trial.store.deliveries(first.id, 9);
    assert.equal(attempts.at(-1)?.why, "no answer within 30000 ms");
  });

  test("a channel that does not end when it is told to is not used again", async () => {
    await using trial = await openTrial();
    await withNotice(trial);
    trial.answer = ({ at }) => (at > 30 ? sent : new Promise(() => undefined));
    trial.delivery().wake();
    await trial.pass(40);
    assert.deepEqual(timesOf(trial), [0, 33]);
    assert.deepEqual(trial.closed, ["ops"]);
  });
});

describe("a store that fails", () => {
  const busy = new AppError("unavailable", "the database is busy");

  test("after a notice was sent does not make it be sent again: it is written when it can be", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    await trial.put(channel, "db is down");
    let failures = 5;
    trial.fault = (name, when) => {
      if (name === "settleNotice" && when === "before" && failures > 0) {
        failures -= 1;
        throw busy;
      }
    };
    trial.delivery().wake();
    await trial.pass(3);
    assert.deepEqual(titlesOf(trial), ["api is down"], "what was sent is written before the next");
    await trial.pass(10);
    assert.deepEqual(titlesOf(trial), ["api is down", "db is down"]);
    assert.deepEqual(await statesOf(trial.store, channel.id), [
      "api is down: sent",
      "db is down: sent",
    ]);
  });

  for (const name of ["settleNotice", "dueNotices", "releaseNotices"]) {
    test(`after it did ${name} loses nothing and sends nothing twice`, async () => {
      await using trial = await openTrial({ limit: { notices: 1, perMs: 5_000 } });
      const channel = await withNotice(trial);
      await trial.put(channel, "db is down");
      let isLost = false;
      trial.fault = (called, when) => {
        if (called !== name || when === "before" || isLost) return;
        isLost = true;
        throw busy;
      };
      trial.delivery().wake();
      await trial.pass(20);
      assert.ok(isLost);
      assert.deepEqual(titlesOf(trial), ["api is down", "db is down"]);
      assert.ok(
        timesOf(trial).every((at) => at <= 11),
        "no claim had to lapse",
      );
    });
  }

  test("is asked again with growing pauses", async () => {
    await using trial = await openTrial();
    await withNotice(trial);
    let asked = 0;
    trial.fault = (name, when) => {
      if (name !== "dueNotices" || when === "after") return;
      asked += 1;
      if (asked <= 5) throw busy;
    };
    trial.delivery().wake();
    await trial.pass(6.1);
    assert.equal(asked, 5);
    await trial.pass(10);
    assert.deepEqual(titlesOf(trial), ["api is down"]);
  });
});

describe("a restart", () => {
  test("in the middle of a request sends it again at once, and the others once", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    await trial.put(channel, "db is down");
    trial.answer = (_asked, signal) => untilAborted(signal);
    trial.delivery().wake();
    await trial.calm();
    trial.answer = () => sent;
    await trial.restart();
    assert.deepEqual(titlesOf(trial), ["api is down", "api is down", "db is down"]);
    assert.deepEqual(await statesOf(trial.store, channel.id), [
      "api is down: sent",
      "db is down: sent",
    ]);
  });

  test("clears what the former process said of a channel that is well now, or off", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    const off = await trial.channel("off", { enabled: false });
    trial.answer = () => wrong;
    trial.delivery().wake();
    await trial.calm();
    trial.answer = () => sent;
    await trial.restart();
    await trial.pass(60);
    assert.deepEqual(await statesOf(trial.store, channel.id), ["api is down: sent"]);
    assert.deepEqual(await signalsOf(trial.store), [
      "off cleared",
      "ops raised",
      "off cleared",
      "ops cleared",
    ]);
    assert.equal(trial.delivery().trouble(off.id), null);
  });
});

describe("a test notice", () => {
  test("that a channel takes ends its trouble, and what waits is tried at once", async () => {
    await using trial = await openTrial();
    const channel = await withNotice(trial);
    trial.answer = () => wrong;
    trial.delivery().wake();
    await trial.pass(10);
    const [kept] = await trial.store.notices({ limit: 1 });
    assert.ok(kept !== undefined);
    trial.answer = () => sent;
    const tested = await trial.delivery().test(channel, { ...kept.notice, title: "Test notice" });
    await trial.calm();
    assert.equal(tested.result.kind, "sent");
    assert.deepEqual(titlesOf(trial), ["api is down", "Test notice", "api is down"]);
    assert.equal(trial.delivery().trouble(channel.id), null);
  });

  test("through settings that are not right any more says so", async () => {
    await using trial = await openTrial();
    const channel = await trial.channel("ops", { kind: "pigeon" });
    const { notice } = await trial.put(channel, "api is down");
    const { result } = await trial.delivery().test(channel, notice);
    assert.deepEqual(result, { kind: "misconfigured", why: "there is no kind pigeon" });
  });
});

function untilAborted(signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve({ kind: "retry", why: "aborted" }));
  });
}
