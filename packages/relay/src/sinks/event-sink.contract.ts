/**
 * What every destination of records has to keep to. Each sink's test runs it on the real thing, or on a strict fake built
 * after its published protocol. A fixture that cannot be brought into a state says so with `undefined`; the test of that
 * state is then not there.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventSink, EventSinkKind, EventSinkParts, RecordDelivery } from "../event-sink.ts";
import type { SinkRecord } from "../sink-record.ts";
import { awkwardTexts, jobRecord } from "./record.kit.ts";

/** A destination, and ways to see and to spoil it. */
export interface EventSinkFixture extends AsyncDisposable {
  /** As written in configuration; complete and right. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Ids of the records that are in the destination, in the order they came; one that came twice is there twice. */
  arrived(): Promise<readonly string[]>;
  /** Makes it unreachable, and reachable again. */
  readonly away?: { begin(): Promise<void>; end(): Promise<void> };
  /** From now on these records are refused for good. */
  readonly refuse?: (ids: readonly string[]) => Promise<void>;
  /** It asks to wait so long, ms, until it is told otherwise (null). */
  readonly throttle?: (afterMs: number | null) => Promise<void>;
  /** A configuration that is well-formed and refused by the destination (a wrong key), and the secret it holds. */
  readonly misconfigured?: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly secret: string;
  };
  /** It accepts requests and never answers. */
  readonly hang?: () => Promise<void>;
}

export interface EventSinkContract {
  readonly kind: EventSinkKind;
  readonly createFixture: () => Promise<EventSinkFixture>;
  /** Makes records whose ids can be found in a destination that keeps no ids. Default `jobRecord`. */
  readonly record?: typeof jobRecord;
  /** Configurations that are refused: the configuration, and the path its problem is named by. */
  readonly wrong: readonly {
    readonly what: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly path: string;
  }[];
  /** The destination knows ids, so that a record delivered twice is there once. */
  readonly knowsIds: boolean;
  /** What the event with hardly anything in it is, where the destination has no place for heartbeats. */
  readonly bareKind?: "finished";
}

interface Open extends AsyncDisposable {
  readonly sink: EventSink;
  readonly fixture: EventSinkFixture;
  readonly said: string[];
}

/** Runs the suite. */
export function eventSinkContract(contract: EventSinkContract): void {
  const { kind } = contract;
  describe(`sink ${kind.type} keeps the contract`, () => {
    describeSettings(contract);
    describeDelivery(contract);
    describeTrouble(contract);
  });
}

function describeSettings({ kind, wrong, createFixture }: EventSinkContract): void {
  it("takes its settings, and says what it is", async () => {
    await using fixture = await createFixture();
    const parsed = kind.parseSettings(fixture.config);
    assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
    assert.match(kind.type, /^[a-z][a-z0-9_]*$/);
    assert.ok(kind.title.length > 0 && kind.takes.includes("job_event"));
    assert.ok(kind.batch.maxEvents >= 1 && kind.batch.maxBytes >= 1024);
    for (const name of kind.secrets) {
      assert.ok(name in (kind.schema as { properties: object }).properties, name);
    }
  });

  for (const { what, config, path } of [
    { what: "a key it does not know", config: { no_such_key: 1 }, path: "no_such_key" },
    ...wrong,
  ]) {
    it(`refuses ${what}, naming ${path}`, () => {
      const parsed = kind.parseSettings(config, "");
      assert.equal(parsed.kind, "bad");
      const paths = parsed.kind === "bad" ? parsed.problems.map((problem) => problem.path) : [];
      assert.ok(paths.includes(path), JSON.stringify(parsed));
    });
  }
}

function describeDelivery({
  kind,
  createFixture,
  knowsIds,
  bareKind,
  record: recordOf = jobRecord,
}: EventSinkContract): void {
  it("delivers in order, over several batches", async () => {
    await using open = await opened(kind, createFixture);
    const ids = numbered("a", 5);
    assert.deepEqual(
      await deliver(
        open,
        ids.slice(0, 3).map((id) => recordOf(id)),
      ),
      sentTimes(3),
    );
    assert.deepEqual(
      await deliver(
        open,
        ids.slice(3).map((id) => recordOf(id)),
      ),
      sentTimes(2),
    );
    await arrive(open, ids);
  });

  it("delivers a batch of the largest size", async () => {
    await using open = await opened(kind, createFixture);
    const ids = numbered("b", Math.min(kind.batch.maxEvents, 1_000));
    assert.deepEqual(
      await deliver(
        open,
        ids.map((id) => recordOf(id)),
      ),
      sentTimes(ids.length),
    );
    await arrive(open, ids);
  });

  it("delivers text that is hard to quote, and events with hardly anything in them", async () => {
    await using open = await opened(kind, createFixture);
    const awkward = awkwardTexts.map((text, i) =>
      recordOf(`c-${i}`, {
        app: { name: `app ${text}`, version: null, app_id: null },
        entity: { business_key: text, sub_key: text },
        event: { metadata: { [text]: text, nested: { list: [text, null, 1] } } },
      }),
    );
    const bare = recordOf("c-bare", {
      siteId: "",
      app: { app_id: null, name: "", version: null },
      entity: { business_key: null },
      event: { kind: bareKind ?? "heartbeat", status: null, metrics: {}, metadata: {} },
    });
    const records = [...awkward, bare];
    assert.deepEqual(await deliver(open, records), sentTimes(records.length));
    await arrive(
      open,
      records.map(({ id }) => id),
    );
  });

  it("answers nothing for nothing", async () => {
    await using open = await opened(kind, createFixture);
    assert.deepEqual(await deliver(open, []), []);
  });

  it("goes on where it was after it was closed and opened again", async () => {
    await using fixture = await createFixture();
    for (const id of ["d-1", "d-2"]) {
      await using open = openWith(kind, fixture, fixture.config);
      assert.deepEqual(await deliver(open, [recordOf(id)]), sentTimes(1));
    }
    await arrive({ fixture }, ["d-1", "d-2"]);
  });

  it(knowsIds ? "has a record once that is delivered twice" : "takes a record again", async () => {
    await using open = await opened(kind, createFixture);
    const record = recordOf("e-1");
    for (let i = 0; i < 2; i += 1) assert.deepEqual(await deliver(open, [record]), sentTimes(1));
    await arrive(open, knowsIds ? ["e-1"] : ["e-1", "e-1"]);
  });

  it("is healthy while the destination is", async () => {
    await using open = await opened(kind, createFixture);
    const { status } = await open.sink.health(AbortSignal.timeout(5_000));
    assert.equal(status, "healthy");
  });
}

function describeTrouble({
  kind,
  createFixture,
  record: recordOf = jobRecord,
}: EventSinkContract): void {
  it("keeps events while the destination is away, and delivers them afterwards", async (t) => {
    await using open = await opened(kind, createFixture);
    const { away } = open.fixture;
    if (away === undefined) return t.skip("this destination cannot be away");
    await away.begin();
    const records = numbered("f", 3).map((id) => recordOf(id));
    const answers = await deliver(open, records);
    assert.deepEqual(kinds(answers), ["retry", "retry", "retry"], JSON.stringify(answers));
    assert.notEqual((await open.sink.health(AbortSignal.timeout(5_000))).status, "healthy");
    await away.end();
    assert.deepEqual(await delivered(open, records), sentTimes(3));
    await arrive(open, numbered("f", 3));
  });

  it("refuses only what the destination refuses", async (t) => {
    await using open = await opened(kind, createFixture);
    const { refuse } = open.fixture;
    if (refuse === undefined) return t.skip("this destination refuses no single record");
    await refuse(["g-2", "g-5"]);
    const records = numbered("g", 6).map((id) => recordOf(id));
    const answers = await deliver(open, records);
    assert.deepEqual(kinds(answers), ["sent", "refused", "sent", "sent", "refused", "sent"]);
    for (const answer of answers) if (answer.kind === "refused") assert.notEqual(answer.why, "");
    await arrive(open, ["g-1", "g-3", "g-4", "g-6"]);
  });

  it("waits as long as it is told", async (t) => {
    await using open = await opened(kind, createFixture);
    const { throttle } = open.fixture;
    if (throttle === undefined) return t.skip("this destination asks nobody to wait");
    await throttle(7_000);
    const [answer] = await deliver(open, [recordOf("h-1")]);
    assert.equal(answer?.kind, "retry");
    assert.ok(answer.kind === "retry" && answer.afterMs !== undefined && answer.afterMs >= 1_000);
    await throttle(null);
    assert.deepEqual(await delivered(open, [recordOf("h-1")]), sentTimes(1));
    await arrive(open, ["h-1"]);
  });

  it("says that a setting is wrong, without telling secrets", async (t) => {
    await using fixture = await createFixture();
    const { misconfigured } = fixture;
    if (misconfigured === undefined) return t.skip("no setting of it can be wrong unseen");
    await using open = openWith(kind, fixture, misconfigured.config);
    const answers = await deliver(open, [recordOf("i-1"), recordOf("i-2")]);
    assert.deepEqual(kinds(answers), ["misconfigured", "misconfigured"], JSON.stringify(answers));
    const health = await open.sink.health(AbortSignal.timeout(5_000));
    const everything = JSON.stringify([answers, health, open.said]);
    assert.ok(!everything.includes(misconfigured.secret), everything);
    assert.deepEqual(await fixture.arrived(), []);
  });

  it("ends soon after the signal, and answers for every record", async (t) => {
    await using open = await opened(kind, createFixture);
    const { hang } = open.fixture;
    if (hang === undefined) return t.skip("this destination always answers");
    await hang();
    const stop = new AbortController();
    const answering = open.sink.deliver([recordOf("j-1"), recordOf("j-2")], stop.signal);
    await sleep(50);
    const stoppedAt = performance.now();
    stop.abort();
    assert.deepEqual(kinds(await answering), ["retry", "retry"]);
    assert.ok(performance.now() - stoppedAt < 2_000);
  });
}

async function opened(
  kind: EventSinkKind,
  createFixture: () => Promise<EventSinkFixture>,
): Promise<Open> {
  await using stack = new AsyncDisposableStack();
  const fixture = stack.use(await createFixture());
  const open = stack.use(openWith(kind, fixture, fixture.config));
  const kept = stack.move();
  return { ...open, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function openWith(
  kind: EventSinkKind,
  fixture: EventSinkFixture,
  config: Readonly<Record<string, unknown>>,
): Open {
  const parsed = kind.parseSettings(config);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  const said: string[] = [];
  const sink = kind.create(parsed.value, sinkParts(said));
  return { sink, fixture, said, [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose]() };
}

/** Parts for a sink in a test; what it logs is noted as text. */
export function sinkParts(said: string[] = []): EventSinkParts {
  const note = (fields: object, message: string): void => {
    said.push(`${message} ${JSON.stringify(fields)}`);
  };
  return {
    clock: { now: Date.now, monotonicMs: () => performance.now() },
    log: { info: note, warn: note },
    stdout: process.stdout,
  };
}

function deliver(
  { sink }: Open,
  records: readonly SinkRecord[],
): Promise<readonly RecordDelivery[]> {
  return sink.deliver(records, AbortSignal.timeout(30_000));
}

/** Tries until nothing is to be tried again; a destination that was away may take a moment. */
async function delivered(
  open: Open,
  records: readonly SinkRecord[],
): Promise<readonly RecordDelivery[]> {
  let left = records;
  const answers = new Map<string, RecordDelivery>();
  for (let i = 0; i < 50 && left.length > 0; i += 1) {
    if (i > 0) await sleep(100);
    const given = await deliver(open, left);
    for (const [at, record] of left.entries()) {
      const answer = given[at];
      if (answer !== undefined) answers.set(record.id, answer);
    }
    left = left.filter((record) => answers.get(record.id)?.kind !== "sent");
  }
  return records.flatMap(({ id }) => answers.get(id) ?? []);
}

/** Waits for ids to be in the destination; they must be there in this order, and no others. */
async function arrive({ fixture }: Pick<Open, "fixture">, ids: readonly string[]): Promise<void> {
  const deadline = performance.now() + 15_000;
  let found = await fixture.arrived();
  while (found.length < ids.length && performance.now() < deadline) {
    await sleep(20);
    found = await fixture.arrived();
  }
  assert.deepEqual(found, ids);
}

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
}

function sentTimes(count: number): RecordDelivery[] {
  return Array.from({ length: count }, () => ({ kind: "sent" }));
}

function kinds(answers: readonly RecordDelivery[]): readonly RecordDelivery["kind"][] {
  return answers.map(({ kind }) => kind);
}
