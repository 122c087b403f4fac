import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuleCondition } from "@belfry/contract";
import {
  bucketsOf,
  comparedLine,
  nameSelector,
  namesOf,
  selectorsOf,
  type Buckets,
} from "./rule-series.ts";

const metric = (name: string) => ({ name, matchers: [] });

function buckets(labels: Buckets["labels"], last: readonly (number | "NaN")[]): Buckets {
  const of = (change: (value: number) => number) =>
    last.map((value) => (value === "NaN" ? value : change(value)));
  return {
    name: "m",
    labels,
    starts_ms: last.map((_value, i) => i * 60_000),
    min: of((value) => value - 1),
    max: of((value) => value + 1),
    sum: of((value) => value * 2),
    count: last.map(() => 4),
    last: [...last],
  };
}

const limit = { operator: ">", value: 1 } as const;
const lines: readonly (readonly [
  what: string,
  condition: RuleCondition,
  first: readonly Buckets[],
  second: readonly Buckets[],
  expected: readonly (number | null)[] | undefined,
])[] = [
  [
    "the newest sample of each bucket",
    { kind: "threshold", metric: metric("m"), aggregate: "last", ...limit },
    [buckets({}, [1, "NaN", 3])],
    [],
    [1, null, 3],
  ],
  [
    "its average",
    { kind: "threshold", metric: metric("m"), aggregate: "avg", over_seconds: 60, ...limit },
    [buckets({}, [2, 4])],
    [],
    [1, 2],
  ],
  [
    "its most",
    { kind: "threshold", metric: metric("m"), aggregate: "max", over_seconds: 60, ...limit },
    [buckets({}, [2])],
    [],
    [3],
  ],
  [
    "growth per second, none where the counter began anew",
    { kind: "rate", metric: metric("m"), over_seconds: 120, ...limit },
    [buckets({}, [0, 60, 120, 30])],
    [],
    [null, null, 1, null],
  ],
  [
    "a change as a part of the old value",
    { kind: "change", metric: metric("m"), over_seconds: 60, relative: true, ...limit },
    [buckets({}, [10, 15, 0, 1])],
    [],
    [null, 0.5, -1, null],
  ],
  [
    "one divided by the only other",
    { kind: "ratio", numerator: metric("m"), denominator: metric("n"), ...limit },
    [buckets({ device: "sda" }, [1, 2])],
    [buckets({}, [4, 0])],
    [0.25, null],
  ],
  [
    "one divided by the other of the same labels",
    { kind: "ratio", numerator: metric("m"), denominator: metric("n"), ...limit },
    [buckets({ device: "sda" }, [1])],
    [buckets({ device: "sdb" }, [2]), buckets({ device: "sda" }, [5])],
    [0.2],
  ],
  [
    "nothing where there are no series",
    { kind: "absence", metric: metric("m"), over_seconds: 60 },
    [],
    [],
    undefined,
  ],
];
for (const [what, condition, first, second, expected] of lines) {
  test(`draws ${what}`, () => {
    assert.deepEqual(comparedLine(condition, first, second, 60)?.values, expected);
  });
}

test("the series of a ring are found by their subject and labels, whatever is in them", () => {
  const subject = { kind: "host", id: "h1", name: "web" };
  const condition: RuleCondition = {
    kind: "ratio",
    numerator: metric("a"),
    denominator: metric("b"),
    ...limit,
  };
  const series = { host: "h1", mountpoint: '/"x"\n' };
  assert.deepEqual(selectorsOf(condition, { subject, series }), [
    'a{host="h1",mountpoint="/\\"x\\"\\n"}',
    'b{host="h1"}',
  ]);
  const job = { kind: "job", id: "j1", name: "bill" };
  const absence: RuleCondition = { kind: "absence", metric: metric("a"), over_seconds: 60 };
  assert.deepEqual(selectorsOf(absence, { subject: job, series: { site: "vienna" } }), [
    'a{job="bill",site="vienna"}',
  ]);
});

const typed: readonly (readonly [text: string, expected: string | null])[] = [
  ["cpu", '{__name__=~".*cpu.*",host!=""}'],
  ["c", null],
  ['cpu"}', null],
];
for (const [text, expected] of typed) {
  test(`${JSON.stringify(text)} asks for ${expected ?? "nothing"}`, () => {
    assert.equal(nameSelector(text, "host"), expected);
  });
}

test("a name is offered once; what is not in buckets is no bucket", () => {
  assert.deepEqual(namesOf([{ name: "a" }, { name: "b" }, { name: "a" }]), ["a", "b"]);
  const raw = { name: "m", labels: {}, times_ms: [1], values: [1] };
  assert.equal(bucketsOf({ items: [raw, buckets({}, [1])] }).length, 1);
});
