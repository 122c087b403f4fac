import assert from "node:assert/strict";
import { test } from "node:test";
import { JudgingSchema, LabelsSchema, MonitorInputSchema } from "@belfry/contract";
import { isRecord } from "../../form/path.ts";
import { judgingSchema, labelsSchema, placementSchema, timingSchema } from "./monitor-fields.ts";

const words = ["title", "description", "unit"];

/** A schema without what is only said to people, as plain JSON. */
function bare(schema: unknown): unknown {
  const plain: unknown = JSON.parse(JSON.stringify(schema));
  if (Array.isArray(plain)) return plain.map(bare);
  if (!isRecord(plain)) return plain;
  return Object.fromEntries(
    Object.entries(plain)
      .filter(([key]) => !words.includes(key))
      .map(([key, value]) => [key, bare(value)]),
  );
}

for (const key of ["interval", "timeout"] as const) {
  test(`${key} has the bounds of the contract`, () =>
    assert.deepEqual(bare(timingSchema.properties[key]), bare(MonitorInputSchema.properties[key])));
}

test("judging has the fields and bounds of the contract", () => {
  assert.deepEqual(bare(judgingSchema.properties), bare(JudgingSchema.properties));
  assert.deepEqual(
    [...judgingSchema.required].toSorted(),
    [...(JudgingSchema.required ?? [])].toSorted(),
  );
});

test("a label's value is as long as in the contract", () => {
  const [value] = Object.values(LabelsSchema.patternProperties);
  const { maxLength } = labelsSchema.additionalProperties;
  assert.deepEqual({ ...value, maxLength }, { ...value });
});

test("locations and quorum have the bounds of the contract", () => {
  const { locations, quorum } = placementSchema.properties;
  const contract = MonitorInputSchema.properties.locations;
  assert.deepEqual(bare({ ...locations, items: 0 }), bare({ ...contract, items: 0, default: [] }));
  assert.deepEqual(bare({ ...contract.items, ...locations.items }), bare(contract.items));
  const { default: _none, ...bounds } = quorum;
  assert.deepEqual(bare(bounds), bare(MonitorInputSchema.properties.quorum));
});
