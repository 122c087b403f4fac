/**
 * What every channel has to keep to. Each channel's test runs it on the real thing, or on a strict fake that enforces the
 * provider's published API.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, ChannelKind, ChannelParts, Sent } from "../model/channel-kind.ts";
import type { Notice } from "../model/notice.ts";
import { hostileTexts, incidentOf, noticeOf, resolvedOf } from "./notice.kit.ts";

/** How the provider behaves from now on. `refuse`: this one message will never be taken. */
export type ProviderMood =
  | { readonly kind: "well" }
  | { readonly kind: "error" }
  | { readonly kind: "busy"; readonly seconds: number }
  | { readonly kind: "refuse" }
  | { readonly kind: "hang" };

/** A provider. */
export interface ChannelFixture extends AsyncDisposable {
  /** Settings that are right. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Settings whose secret the provider does not know, and that secret. */
  readonly wrong: { readonly settings: Readonly<Record<string, unknown>>; readonly secret: string };
  /** Texts of the messages it took, in order, as people would read them. */
  received(): Promise<readonly string[]>;
  /** What was wrong with messages it got, by its published rules; must stay empty. */
  faults(): readonly string[];
  behave(mood: ProviderMood): void;
  /** Stops listening, and listens again. */
  readonly away: { begin(): Promise<void>; end(): Promise<void> };
}

export interface ChannelContract {
  readonly kind: ChannelKind;
  readonly createFixture: () => Promise<ChannelFixture>;
  /** Settings that are refused, and the path their problem is named by. */
  readonly invalid: readonly {
    readonly what: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly path: string;
  }[];
}

/** Parts for a channel in a test; loopback may be dialled. */
export function channelParts(over: Partial<ChannelParts> = {}): ChannelParts {
  return {
    clock: { now: Date.now, monotonicMs: () => performance.now() },
    refuseAddress: () => undefined,
    userAgent: "Belfry/0.0.0",
    ...over,
  };
}

/** Opens a channel with settings that must be right. */
export function openChannel(
  kind: ChannelKind,
  settings: unknown,
  parts: ChannelParts = channelParts(),
): Channel {
  const parsed = kind.parseSettings(settings);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return kind.create(parsed.value, parts);
}

/** Runs the suite. */
export function channelContract(contract: ChannelContract): void {
  const { kind } = contract;
  describe(`channel ${kind.kind} keeps the contract`, () => {
    describeSettings(contract);
    describeMessages(contract);
    describeTrouble(contract);
  });
}

function describeSettings({ kind, invalid, createFixture }: ChannelContract): void {
  it("takes its settings, and names its secrets", async () => {
    await using fixture = await createFixture();
    const parsed = kind.parseSettings(fixture.settings);
    assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
    assert.match(kind.kind, /^[a-z][a-z0-9_]*$/);
    const known = (kind.schema as { properties: object }).properties;
    for (const name of kind.secrets) assert.ok(name in known, name);
    assert.ok(kind.limit.notices >= 1 && kind.limit.perMs >= 1);
  });
  const unknown = { what: "a key it does not know", settings: { no_such: 1 }, path: "no_such" };
  for (const { what, settings, path } of [unknown, ...invalid]) {
    it(`refuses ${what}, naming ${path}`, () => {
      const parsed = kind.parseSettings(settings, "");
      const paths = parsed.kind === "bad" ? parsed.problems.map((problem) => problem.path) : [];
      assert.ok(paths.includes(path), JSON.stringify(parsed));
    });
  }
}

function describeMessages({ kind, createFixture }: ChannelContract): void {
  it("tells what happened, to whom, why and since when", async () => {
    await using fixture = await createFixture();
    await using channel = openChannel(kind, fixture.settings);
    const { result, exchange } = await send(channel, noticeOf());
    assert.equal(result.kind, "sent", JSON.stringify(result));
    assert.notEqual(exchange.request, "");
    const [text = ""] = await fixture.received();
    for (const part of ["api is down", "refused the connection"])
      assert.ok(text.includes(part), text);
    assert.deepEqual(fixture.faults(), []);
  });

  it("takes notices of every kind, groups and digests", async () => {
    await using fixture = await createFixture();
    await using channel = openChannel(kind, fixture.settings);
    const firing = noticeOf();
    const many = Array.from({ length: 25 }, (_, i) =>
      incidentOf({ title: `service ${i} is down` }),
    );
    const notices: Notice[] = [
      firing,
      noticeOf({
        kind: "changed",
        incidents: [incidentOf({ cause: "web-1 is silent", affected: 40 })],
      }),
      noticeOf({ kind: "reminder" }),
      noticeOf({ kind: "escalated" }),
      noticeOf({
        kind: "acknowledged",
        incidents: [incidentOf({ acknowledgedAt: 1, acknowledgedBy: "ada" })],
      }),
      resolvedOf(firing),
      noticeOf({ kind: "digest", title: "26 incidents", incidents: many, more: 1 }),
      noticeOf({ kind: "test", title: "This is a test", incidents: [] }),
      noticeOf({ incidents: [incidentOf({ links: null, subjects: [], facts: [], message: "" })] }),
    ];
    for (const notice of notices) {
      const { result } = await send(channel, notice);
      assert.equal(result.kind, "sent", `${notice.kind}: ${JSON.stringify(result)}`);
    }
    assert.deepEqual(fixture.faults(), []);
  });

  for (const [i, text] of hostileTexts.entries()) {
    it(`delivers hostile text ${i} harmlessly and within the provider's limits`, async () => {
      await using fixture = await createFixture();
      await using channel = openChannel(kind, fixture.settings);
      const hostile = noticeOf({
        title: `${text} is down`,
        text,
        incidents: [
          incidentOf({
            title: text,
            message: text,
            cause: text,
            subjects: [{ kind: "monitor", id: "1", name: text, target: text }],
            labels: { team: text },
            facts: Array.from({ length: 60 }, () => ({ name: text, value: text })),
            acknowledgedBy: text,
          }),
        ],
      });
      const { result } = await send(channel, hostile);
      assert.equal(result.kind, "sent", JSON.stringify(result).slice(0, 2_000));
      assert.deepEqual(fixture.faults(), []);
    });
  }
}

function describeTrouble({ kind, createFixture }: ChannelContract): void {
  const rows: readonly {
    readonly what: string;
    readonly mood: ProviderMood;
    readonly expected: string;
  }[] = [
    { what: "fails", mood: { kind: "error" }, expected: "retry" },
    { what: "refuses the message", mood: { kind: "refuse" }, expected: "refused" },
  ];
  for (const { what, mood, expected } of rows) {
    it(`answers ${expected} when the provider ${what}, and sends when it is well again`, async () => {
      await using fixture = await createFixture();
      await using channel = openChannel(kind, fixture.settings);
      fixture.behave(mood);
      const { result } = await send(channel, noticeOf());
      assert.equal(result.kind, expected, JSON.stringify(result));
      fixture.behave({ kind: "well" });
      assert.equal((await send(channel, noticeOf())).result.kind, "sent");
    });
  }

  it("waits as long as the provider asks for", async () => {
    await using fixture = await createFixture();
    await using channel = openChannel(kind, fixture.settings);
    fixture.behave({ kind: "busy", seconds: 7 });
    const { result } = await send(channel, noticeOf());
    assert.equal(result.kind, "retry", JSON.stringify(result));
    assert.ok(result.kind === "retry" && (result.afterMs ?? 0) >= 1_000, JSON.stringify(result));
  });

  it("tries again when the provider is away", async () => {
    await using fixture = await createFixture();
    await using channel = openChannel(kind, fixture.settings);
    await fixture.away.begin();
    assert.equal((await send(channel, noticeOf())).result.kind, "retry");
    await fixture.away.end();
    assert.equal((await send(channel, noticeOf())).result.kind, "sent");
  });

  it("says that a setting is wrong, and tells secrets to nobody", async () => {
    await using fixture = await createFixture();
    await using channel = openChannel(kind, fixture.wrong.settings);
    const { result, exchange } = await send(channel, noticeOf());
    assert.equal(result.kind, "misconfigured", JSON.stringify(result));
    const told = JSON.stringify([result, exchange]);
    assert.ok(!told.includes(fixture.wrong.secret), told);
    assert.deepEqual(await fixture.received(), []);
  });

  it("dials no address that the guard refuses, and says that a setting is wrong", async () => {
    await using fixture = await createFixture();
    const parts = channelParts({ refuseAddress: (address) => `${address} is out of bounds` });
    await using channel = openChannel(kind, fixture.settings, parts);
    const { result } = await send(channel, noticeOf());
    assert.equal(result.kind, "misconfigured", JSON.stringify(result));
    assert.match(JSON.stringify(result), /out of bounds/);
    assert.deepEqual(await fixture.received(), []);
  });

  it("ends soon after the signal", async () => {
    await using fixture = await createFixture();
    await using channel = openChannel(kind, fixture.settings);
    fixture.behave({ kind: "hang" });
    const stop = new AbortController();
    const sending = channel.send(noticeOf(), stop.signal);
    await sleep(50);
    const stoppedAt = performance.now();
    stop.abort();
    assert.equal((await sending).result.kind, "retry");
    assert.ok(performance.now() - stoppedAt < 2_000);
  });
}

function send(channel: Channel, notice: Notice): Promise<Sent> {
  return channel.send(notice, AbortSignal.timeout(20_000));
}
