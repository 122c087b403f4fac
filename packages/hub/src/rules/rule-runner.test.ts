import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AlertRuleInput } from "@belfry/contract";
import type { AlertRuleSettings } from "../model/alert-policy.ts";
import type { KeptRuleState, RuleChange } from "../model/rule-state.ts";
import type { Frame, SeriesKey } from "../model/series.ts";
import type { Signal } from "../model/signal.ts";
import { RuleRunner, roundMs } from "./rule-runner.ts";
import type { RuleSubject } from "./subject.ts";

const source = "host:0199a0c0-0000-7000-8000-000000000001";
const start = 1_800_000_000_000;
const mounts: readonly SeriesKey[] = ["/", "/data"].flatMap((mountpoint) =>
  ["node_filesystem_avail_bytes", "node_filesystem_size_bytes"].map((name) => ({
    name,
    labels: { device: "/dev/vda", fstype: "ext4", mountpoint },
  })),
);

const rule: AlertRuleInput = {
  name: "data is full",
  enabled: true,
  severity: "critical",
  subject: "host",
  matchers: [{ name: "team", value: "core", is_regex: false, is_equal: true }],
  condition: {
    kind: "ratio",
    numerator: { name: "node_filesystem_avail_bytes", matchers: [] },
    denominator: { name: "node_filesystem_size_bytes", matchers: [] },
    operator: "<",
    value: 0.2,
  },
  for_seconds: 30,
  recovery_for_seconds: 30,
  labels: { pager: "yes" },
  description: "",
};

/** A database in memory: what is committed is there for the next runner; nothing else is. */
class Kept {
  readonly states = new Map<string, KeptRuleState>();
  readonly signals: Signal[] = [];
  readonly samples: Frame[] = [];
  rules: AlertRuleSettings[] = [{ id: "own", version: 1, createdAt: 0, updatedAt: 0, rule }];
  isAway = false;

  commit({ saved, dropped, signals }: RuleChange): "stored" {
    if (this.isAway) throw new Error("the store is away");
    for (const one of saved) this.states.set(`${one.source} ${one.ruleId} ${one.series}`, one);
    for (const one of dropped) this.states.delete(`${one.source} ${one.ruleId} ${one.series}`);
    this.signals.push(...signals);
    return "stored";
  }
}

class Trial {
  now = start;
  subject: RuleSubject | undefined = {
    kind: "host",
    id: source.slice(5),
    name: "web",
    labels: { team: "core" },
    intervalMs: 15_000,
    clockOffsetMs: 0,
    isWatched: true,
    origin: {},
  };
  readonly kept = new Kept();
  runner = this.open();

  open(): RuleRunner {
    const { kept } = this;
    return new RuleRunner({
      clock: { now: () => this.now, monotonicMs: () => this.now },
      store: {
        rules: () => Promise.resolve(kept.rules),
        readAlive: () => Promise.resolve(this.now),
        ruleStates: () => Promise.resolve([...kept.states.values()]),
        commitRules: (change) => Promise.try(() => kept.commit(change)),
        latestOf: () => Promise.resolve(latest(kept.samples)),
        rawOf: (_source, keys) => Promise.resolve(keys.map(() => undefined)),
        bucketsOfNames: () => Promise.resolve([]),
      },
      subject: () => this.subject,
      sources: () => (this.subject === undefined ? [] : [source]),
      onSignals: () => undefined,
      onError: () => undefined,
    });
  }

  async restart(): Promise<void> {
    this.runner = this.open();
    await this.runner.load();
  }

  /** Samples of the space left on `/` and `/data`, in per cent; then a round. */
  async round(root: number | null, data: number | null, count = 1): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      this.now += roundMs;
      if (root !== null || data !== null) {
        const values = Float64Array.of(root ?? 0, 100, data ?? 0, 100);
        const present = Uint8Array.of(
          ...[root, root, data, data].map((one) => (one === null ? 0 : 1)),
        );
        const frame = { source, series: mounts, times: Float64Array.of(this.now), values, present };
        this.kept.samples.push(frame);
        this.runner.take([frame]);
      }
      await this.runner.round();
    }
  }

  get said(): readonly string[] {
    return this.kept.signals.map(({ state, labels }) => `${state} ${labels["mountpoint"] ?? ""}`);
  }
}

function latest(frames: readonly Frame[]): { key: SeriesKey; at: number; value: number }[] {
  return mounts.flatMap((key, column) => {
    const last = frames.findLast(({ present }) => present?.[column] === 1);
    const [at, value] = [last?.times[0], last?.values[column]];
    return at === undefined || value === undefined ? [] : [{ key, at, value }];
  });
}

async function begin(): Promise<Trial> {
  const trial = new Trial();
  await trial.runner.load();
  await trial.round(50, 50);
  return trial;
}

const own = ({ signals }: Kept): readonly Signal[] =>
  signals.filter(({ rule: name }) => name === rule.name);

describe("rules that run", () => {
  it("tell of each series of a subject for itself, and of its end", async () => {
    const trial = await begin();
    await trial.round(50, 15, 2);
    assert.deepEqual(trial.said, []);
    await trial.round(50, 15);
    assert.deepEqual(trial.said, ["raised /data"]);
    const [raised] = trial.kept.signals;
    assert.equal(
      raised?.key,
      `own:host:${source.slice(5)}:device="/dev/vda",fstype="ext4",mountpoint="/data"`,
    );
    assert.equal(raised?.at, start + 2 * roundMs);
    assert.equal(raised?.severity, "critical");
    assert.deepEqual(raised?.labels, {
      device: "/dev/vda",
      fstype: "ext4",
      mountpoint: "/data",
      team: "core",
      pager: "yes",
    });
    assert.match(
      raised?.message ?? "",
      /^node_filesystem_avail_bytes \/ node_filesystem_size_bytes .*: 0.15, limit 0.2$/,
    );
    await trial.round(50, 50, 3);
    assert.deepEqual(trial.said, ["raised /data", "cleared /data"]);
    assert.equal(trial.kept.signals[1]?.key, raised?.key);
    assert.equal(trial.kept.states.size, 0);
  });

  it("go on where they were after a kill: what is pending rings, what rings is over once", async () => {
    const trial = await begin();
    await trial.round(15, 50, 2);
    await trial.restart();
    await trial.round(15, 50, 2);
    assert.deepEqual(trial.said, ["raised /"]);
    await trial.restart();
    await trial.round(15, 50, 4);
    assert.deepEqual(trial.said, ["raised /"]);
    await trial.restart();
    await trial.round(50, 50, 4);
    assert.deepEqual(trial.said, ["raised /", "cleared /"]);
  });

  it("neither raise nor clear while nothing is heard, and say that they cannot tell", async () => {
    const trial = await begin();
    await trial.round(15, 50, 3);
    await trial.round(null, null, 60);
    assert.deepEqual(trial.said, ["raised /"]);
    assert.deepEqual(trial.runner.counts().get("own"), { firing: 0, cannotTell: 1 });
    await trial.restart();
    await trial.round(null, null, 10);
    assert.deepEqual(trial.said, ["raised /"]);
  });

  it("end what is not reported any more while the host is heard", async () => {
    const trial = await begin();
    await trial.round(50, 15, 3);
    await trial.round(50, null, 60);
    assert.deepEqual(trial.said, ["raised /data"]);
    await trial.round(50, null, 220);
    assert.deepEqual(trial.said, ["raised /data", "cleared /data"]);
    assert.equal(trial.kept.signals.at(-1)?.message, "its series is not reported any more");
  });

  it("say again what could not be committed, in order", async () => {
    const trial = await begin();
    await trial.round(15, 50, 2);
    trial.kept.isAway = true;
    const round = trial.round(15, 50);
    setTimeout(() => (trial.kept.isAway = false), 20);
    await round;
    await trial.round(50, 50, 3);
    assert.deepEqual(trial.said, ["raised /", "cleared /"]);
  });

  for (const [why, change] of [
    [
      "the rule is switched off",
      (trial: Trial) => {
        trial.kept.rules = trial.kept.rules.map((one) => ({
          ...one,
          version: 2,
          rule: { ...rule, enabled: false },
        }));
      },
    ],
    [
      "the rule is deleted",
      (trial: Trial) => {
        trial.kept.rules = [];
      },
    ],
    [
      "the rule is about others",
      (trial: Trial) => {
        trial.kept.rules = trial.kept.rules.map((one) => ({
          ...one,
          rule: {
            ...rule,
            matchers: [{ name: "team", value: "other", is_regex: false, is_equal: true }],
          },
        }));
      },
    ],
    [
      "the host is paused",
      (trial: Trial) => {
        if (trial.subject !== undefined) trial.subject = { ...trial.subject, isWatched: false };
      },
    ],
    [
      "the host is gone",
      (trial: Trial) => {
        trial.subject = undefined;
      },
    ],
  ] as const satisfies readonly (readonly [string, (trial: Trial) => void])[]) {
    it(`end when ${why}`, async () => {
      const trial = await begin();
      await trial.round(15, 50, 3);
      change(trial);
      await trial.runner.reload();
      await trial.round(15, 50);
      assert.equal(own(trial.kept).at(-1)?.state, "cleared");
      assert.equal(
        [...trial.kept.states.values()].filter(({ ruleId }) => ruleId === "own").length,
        0,
      );
    });
  }

  it("count those a rule holds of", async () => {
    const trial = await begin();
    await trial.round(15, 15, 3);
    assert.deepEqual(trial.runner.counts().get("own"), { firing: 1, cannotTell: 0 });
  });
});
