import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uncompress } from "snappyjs";
import type { Answer } from "./answer.ts";
import { LabelTable } from "./label-table.ts";
import { destinationOf } from "./remote-write.kit.ts";
import { Sending, type SendFailure } from "./sending.ts";

type Sample = readonly [ref: number, time: number];

/** Reads a body whose series have one label, a name of one letter: `A` is series 0. Values are 1. */
function readBody(body: Uint8Array): Sample[] {
  const bytes = Buffer.from(uncompress(new Uint8Array(body)));
  const samples: Sample[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    at += 1;
    const length = varint();
    const end = at + length;
    at += "..__name__...".length;
    const ref = (bytes[at + 1] ?? 0) - "A".charCodeAt(0);
    at += 2;
    while (at < end) {
      at += "..".length + 9 + 1;
      samples.push([ref, varint()]);
    }
  }
  return samples;
}

interface Trial {
  readonly sending: Sending;
  /** Requests in the order they came. */
  readonly requests: Sample[][];
  readonly failures: [SendFailure, number][];
  readonly waits: number[];
  send(samples: readonly Sample[], isReplay?: boolean): Promise<void>;
}

function createTrial(judge: (samples: readonly Sample[]) => Answer, queue: object = {}): Trial {
  const requests: Sample[][] = [];
  const failures: [SendFailure, number][] = [];
  const waits: number[] = [];
  const table = new LabelTable();
  for (let ref = 0; ref < 20; ref += 1)
    table.set(ref, [["__name__", String.fromCharCode(0x41 + ref)]]);
  const sending = new Sending({
    settings: destinationOf({ url: "http://127.0.0.1:9/", queue_config: queue }),
    writer: {
      write(body) {
        const samples = readBody(body);
        requests.push(samples);
        return Promise.resolve(judge(samples));
      },
    },
    clock: { monotonicMs: () => 0 },
    sleep(ms) {
      waits.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
    onFailure: (failure, _why, samples) => failures.push([failure, samples]),
  });
  return {
    sending,
    requests,
    failures,
    waits,
    send: (samples, isReplay = false) =>
      sending.send({
        columns: {
          refs: samples.map(([ref]) => ref),
          times: samples.map(([, time]) => time),
          values: new Float64Array(samples.length).fill(1),
        },
        table,
        signal: new AbortController().signal,
        isReplay,
      }),
  };
}

/** As a Prometheus that takes nothing out of order. */
function createStrict(): { judge: (samples: readonly Sample[]) => Answer; taken: Sample[] } {
  const newest = new Map<number, number>();
  const taken: Sample[] = [];
  return {
    taken,
    judge(samples) {
      const isLate = samples.some(([ref, time]) => time < (newest.get(ref) ?? 0));
      if (isLate) return { kind: "late", why: "out of order sample" };
      for (const [ref, time] of samples) newest.set(ref, time);
      taken.push(...samples);
      return { kind: "sent" };
    },
  };
}

const each = (refs: number, times: readonly number[]): Sample[] =>
  Array.from({ length: refs }, (_, ref) => times.map((time): Sample => [ref, time])).flat();

describe("samples to a destination", () => {
  it("go in as few requests as their size allows, several at a time, each series in order", async () => {
    const trial = createTrial(() => ({ kind: "sent" }), {
      max_samples_per_send: 10,
      max_shards: 3,
    });
    await trial.send(each(10, [1, 2, 3, 4]));
    assert.equal(trial.requests.length, 5);
    for (let ref = 0; ref < 10; ref += 1) {
      const times = trial.requests
        .flat()
        .filter(([of]) => of === ref)
        .map(([, time]) => time);
      assert.deepEqual(times, [1, 2, 3, 4]);
    }
    assert.equal(trial.sending.counts.sent, 40);
  });

  it("that are late are found and given up, and all others are taken", async () => {
    const strict = createStrict();
    const trial = createTrial(strict.judge);
    strict.judge([
      [3, 100],
      [7, 100],
    ]);
    await trial.send(each(10, [50, 60, 150]));
    assert.deepEqual(trial.sending.counts.dropped, { late: 4, too_old: 0, refused: 0 });
    assert.equal(trial.sending.counts.sent, 26);
    assert.equal(strict.taken.filter(([, time]) => time === 150).length, 10);
  });

  it("that are known to be late are not even sent, once the destination has refused one", async () => {
    const strict = createStrict();
    const trial = createTrial(strict.judge);
    await trial.send(each(5, [100]));
    await trial.send([
      [0, 50],
      [1, 101],
    ]);
    const before = trial.requests.length;
    await trial.send([...each(5, [60]), ...each(5, [110])]);
    assert.equal(trial.requests.length, before + 1);
    assert.deepEqual(trial.sending.counts.dropped, { late: 6, too_old: 0, refused: 0 });
    trial.sending.forgetSeries();
    await trial.send([[0, 70]]);
    assert.equal(
      trial.requests.length,
      before + 2,
      "a number that means another series is asked for",
    );
  });

  it("of a window that was under way before a crash are given up request by request", async () => {
    const strict = createStrict();
    const trial = createTrial(strict.judge, { max_samples_per_send: 10, max_shards: 1 });
    // The first of two requests was taken.
    strict.judge([...each(2, [1, 2, 3]), [2, 1], [2, 2]]);
    await trial.send(each(5, [1, 2, 3]), true);
    assert.equal(trial.requests.length, 2);
    assert.deepEqual(trial.sending.counts.dropped, { late: 8, too_old: 0, refused: 0 });
    assert.equal(strict.taken.length, 15);
  });

  it("that are refused cost a bounded number of requests", async () => {
    const trial = createTrial(() => ({ kind: "refused", why: "no" }));
    await trial.send(
      each(
        20,
        Array.from({ length: 100 }, (_, i) => i + 1),
      ),
    );
    assert.ok(trial.requests.length <= 130, String(trial.requests.length));
    assert.deepEqual(trial.sending.counts.dropped, { late: 0, too_old: 0, refused: 2000 });
    assert.equal(
      trial.failures.reduce((sum, [, samples]) => sum + samples, 0),
      2000,
    );
  });

  it("are sent in halves where a request is too large", async () => {
    const trial = createTrial((samples) =>
      samples.length > 3 ? { kind: "too_large", why: "413" } : { kind: "sent" },
    );
    await trial.send(each(4, [1, 2, 3]));
    assert.deepEqual([trial.sending.counts.sent, trial.sending.counts.dropped.refused], [12, 0]);
  });

  it("wait as long as they are told to, longer each time where they are not, and a minute for a setting", async () => {
    const answers: Answer[] = [
      { kind: "retry", why: "429", afterMs: 7000 },
      { kind: "retry", why: "away" },
      { kind: "retry", why: "away" },
      { kind: "misconfigured", why: "401" },
    ];
    const trial = createTrial(() => answers.shift() ?? { kind: "sent" });
    await trial.send(each(2, [1]));
    const [told, first, second, setting] = trial.waits;
    assert.ok((told ?? 0) >= 7000 && (told ?? 0) < 8000);
    assert.ok((second ?? 0) > (first ?? 0));
    assert.equal(setting, 60_000);
    assert.deepEqual(trial.failures, [
      ["throttled", 2],
      ["outage", 2],
      ["outage", 2],
      ["misconfigured", 2],
    ]);
    assert.equal(trial.sending.counts.sent, 2);
  });
});
