import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RuleCondition } from "@belfry/contract";
import { find, spanOf, type Finding, type Moment, type SeriesView } from "./condition.ts";
import { SpanWindow } from "./span-window.ts";

const metric = { name: "m", matchers: [] };
const now = 1_800_000_000_000;
/** Seconds before `now`, and the value. */
type Samples = readonly (readonly [secondsAgo: number, value: number])[];

function viewOf(condition: RuleCondition, samples: Samples): SeriesView {
  const span = spanOf(condition);
  const window = span === undefined ? undefined : new SpanWindow(span.kind, span.overMs);
  let view: SeriesView = { at: Number.NEGATIVE_INFINITY, value: Number.NaN, window };
  for (const [ago, value] of samples) {
    const at = now - ago * 1000;
    window?.add(at, value);
    if (!Number.isNaN(value) && at >= view.at) view = { at, value, window };
  }
  return view;
}

const moment: Moment = { now, freshMs: 300_000, isActive: false };

function found(
  condition: RuleCondition,
  samples: Samples,
  more: Partial<Moment> & { readonly other?: Samples } = {},
): Finding {
  const { other, ...rest } = more;
  const view = viewOf(condition, samples);
  const denominator = other === undefined ? undefined : viewOf(condition, other);
  return find(condition, view, denominator, { ...moment, ...rest });
}

/** A sample every ten seconds, the newest now. */
function every10(count: number, valueAt: (secondsAgo: number) => number): Samples {
  return Array.from({ length: count }, (_, i) => {
    const ago = (count - 1 - i) * 10;
    return [ago, valueAt(ago)] as const;
  });
}

function near(finding: Finding, kind: Finding["kind"], value: number, tolerance = 1e-9): void {
  assert.equal(finding.kind, kind);
  assert.ok(
    "value" in finding && (finding.value === value || Math.abs(finding.value - value) <= tolerance),
    `${JSON.stringify(finding)} is not near ${value}`,
  );
}

const threshold = (more: object = {}): RuleCondition => ({
  kind: "threshold",
  metric,
  aggregate: "last",
  operator: ">",
  value: 90,
  ...more,
});

describe("a threshold", () => {
  const cases: readonly (readonly [
    says: string,
    Samples,
    RuleCondition,
    Finding["kind"],
    number,
  ])[] = [
    ["holds beyond the limit", [[0, 91]], threshold(), "holds", 91],
    ["does not hold on the limit", [[0, 90]], threshold(), "does_not_hold", 90],
    ["of an infinite value holds", [[0, Infinity]], threshold(), "holds", Infinity],
    [
      "takes the newest, whatever came last",
      [
        [0, 10],
        [30, 95],
      ],
      threshold(),
      "does_not_hold",
      10,
    ],
    [
      "takes NaN for no sample",
      [
        [10, 95],
        [0, Number.NaN],
      ],
      threshold(),
      "holds",
      95,
    ],
    [
      "averages a span",
      every10(31, (ago) => (ago < 150 ? 100 : 90)),
      threshold({ aggregate: "avg", over_seconds: 300, value: 94 }),
      "holds",
      95,
    ],
    [
      "takes the least of a span",
      every10(31, (ago) => (ago === 150 ? 1 : 90)),
      threshold({ aggregate: "min", over_seconds: 300, operator: "<", value: 2 }),
      "holds",
      1,
    ],
    [
      "takes the most of a span",
      every10(31, (ago) => (ago === 150 ? 99 : 1)),
      threshold({ aggregate: "max", over_seconds: 300 }),
      "holds",
      99,
    ],
    [
      "forgets what lies before the span",
      every10(91, (ago) => (ago > 320 ? 99 : 1)),
      threshold({ aggregate: "max", over_seconds: 300 }),
      "does_not_hold",
      1,
    ],
    [
      "adds up a span",
      every10(31, () => 3),
      threshold({ aggregate: "sum", over_seconds: 300 }),
      "does_not_hold",
      90,
    ],
    [
      "is by the newest where none lies in the span",
      [
        [200, 95],
        [100, 95],
      ],
      threshold({ aggregate: "avg", over_seconds: 60 }),
      "holds",
      95,
    ],
  ];
  for (const [says, samples, condition, kind, value] of cases) {
    it(says, () => near(found(condition, samples), kind, value, 3));
  }

  it("cannot be told without a fresh sample", () => {
    const stale = { kind: "cannot_tell", why: "no_fresh_sample" };
    assert.deepEqual(found(threshold(), [[301, 95]]), stale);
    assert.equal(found(threshold(), [[300, 95]]).kind, "holds");
  });

  it("cannot be told of a span before half of it is known", () => {
    const condition = threshold({ aggregate: "avg", over_seconds: 300 });
    assert.deepEqual(
      found(
        condition,
        every10(10, () => 95),
      ),
      { kind: "cannot_tell", why: "too_little_history" },
    );
    assert.equal(
      found(
        condition,
        every10(16, () => 95),
      ).kind,
      "holds",
    );
  });

  it("does not apply to a series that never had a sample", () => {
    assert.deepEqual(found(threshold(), []), { kind: "does_not_apply" });
  });

  it("that held ends only beyond recover_value", () => {
    const condition = threshold({ recover_value: 80 });
    assert.equal(found(condition, [[0, 85]]).kind, "does_not_hold");
    assert.equal(found(condition, [[0, 85]], { isActive: true }).kind, "holds");
    assert.equal(found(condition, [[0, 80]], { isActive: true }).kind, "does_not_hold");
  });

  it("knows every operator", () => {
    const rows = [
      [">", 0, 1, 0],
      [">=", 0, 1, 1],
      ["<", 1, 0, 0],
      ["<=", 1, 0, 1],
      ["==", 0, 0, 1],
      ["!=", 1, 1, 0],
    ] as const;
    for (const [operator, below, above, equal] of rows) {
      const holds = (value: number): number =>
        Number(found(threshold({ operator }), [[0, value]]).kind === "holds");
      assert.deepEqual([holds(89), holds(91), holds(90)], [below, above, equal], operator);
    }
  });
});

describe("a rate", () => {
  const rate: RuleCondition = { kind: "rate", metric, over_seconds: 300, operator: ">", value: 1 };

  it("is the growth of a counter per second", () => {
    near(
      found(
        rate,
        every10(31, (ago) => (300 - ago) * 2),
      ),
      "holds",
      2,
    );
  });

  it("takes a smaller value for a new beginning", () => {
    const samples = every10(31, (ago) => (ago > 100 ? 10_000 + (300 - ago) * 2 : (100 - ago) * 2));
    near(found(rate, samples), "holds", 2, 0.1);
  });

  it("spreads what was counted in a gap over the gap", () => {
    const samples = every10(31, (ago) => (300 - ago) * 2).filter(([ago]) => ago < 50 || ago > 250);
    near(found(rate, samples), "holds", 2);
  });

  it("passes over late samples and those that come twice", () => {
    const samples = every10(31, (ago) => (300 - ago) * 2);
    near(found(rate, [...samples, [55, 490], [0, 600], [120, 360]]), "holds", 2);
  });

  it("passes over NaN", () => {
    const samples = every10(31, (ago) => (ago % 30 === 10 ? Number.NaN : (300 - ago) * 2));
    near(found(rate, samples), "holds", 2);
  });
});

describe("a change", () => {
  const change = (more: object = {}): RuleCondition => ({
    kind: "change",
    metric,
    over_seconds: 600,
    relative: false,
    operator: ">",
    value: 10,
    ...more,
  });

  it("is now against a span ago", () => {
    near(
      found(
        change(),
        every10(61, (ago) => (ago >= 300 ? 5 : 25)),
      ),
      "holds",
      20,
    );
  });

  it("is a part of the old value where that is asked for", () => {
    const samples = every10(61, (ago) => (ago >= 300 ? -20 : -30));
    near(found(change({ relative: true, operator: "<", value: -0.4 }), samples), "holds", -0.5);
  });

  it("does not apply as a part of nothing", () => {
    const samples = every10(61, (ago) => (ago >= 300 ? 0 : 3));
    assert.equal(found(change({ relative: true }), samples).kind, "does_not_apply");
  });

  it("cannot be told before a span has passed", () => {
    assert.deepEqual(
      found(
        change(),
        every10(30, () => 1),
      ),
      { kind: "cannot_tell", why: "too_little_history" },
    );
  });
});

describe("an absence", () => {
  const absence: RuleCondition = { kind: "absence", metric, over_seconds: 600 };

  it("holds when a series that was there says nothing for so long", () => {
    near(found(absence, [[601, 1]]), "holds", 601);
    near(found(absence, [[600, 1]]), "does_not_hold", 600);
  });

  it("does not apply to what was never there", () => {
    assert.equal(found(absence, []).kind, "does_not_apply");
  });
});

describe("a ratio", () => {
  const ratio: RuleCondition = {
    kind: "ratio",
    numerator: metric,
    denominator: metric,
    operator: "<",
    value: 0.1,
  };

  it("compares a part with the whole", () =>
    near(found(ratio, [[0, 5]], { other: [[10, 100]] }), "holds", 0.05));

  it("does not apply without a whole, or of nothing", () => {
    assert.equal(found(ratio, [[0, 5]]).kind, "does_not_apply");
    assert.equal(found(ratio, [[0, 0]], { other: [[0, 0]] }).kind, "does_not_apply");
  });

  it("cannot be told by an old whole", () => {
    assert.equal(found(ratio, [[0, 5]], { other: [[400, 100]] }).kind, "cannot_tell");
  });
});

describe("a prediction", () => {
  const full: RuleCondition = {
    kind: "prediction",
    metric,
    over_seconds: 3600,
    within_seconds: 14_400,
    operator: "<=",
    value: 0,
  };

  it("holds when the line through the span reaches the value in time", () => {
    near(
      found(
        full,
        every10(361, (ago) => 10_000 + ago),
      ),
      "holds",
      -4_400,
      1,
    );
    near(
      found(
        full,
        every10(361, (ago) => 20_000 + ago),
      ),
      "does_not_hold",
      5_600,
      1,
    );
  });

  it("takes what goes up and down for no trend", () => {
    const samples = every10(361, (ago) => 1_000 + (Math.floor(ago / 600) % 2) * 2_000 + ago / 10);
    near(found(full, samples), "does_not_hold", 1_000, 1);
  });

  it("holds of what is there already", () => {
    near(
      found(
        full,
        every10(361, () => 0),
      ),
      "holds",
      0,
    );
  });

  it("draws no line through less than half of the span", () => {
    assert.deepEqual(
      found(
        full,
        every10(100, (ago) => ago),
      ),
      { kind: "cannot_tell", why: "too_little_history" },
    );
  });

  it("is not led astray by a gap", () => {
    const samples = every10(361, (ago) => 10_000 + ago).filter(([ago]) => ago < 300 || ago > 1800);
    near(found(full, samples), "holds", -4_400, 1);
  });
});
