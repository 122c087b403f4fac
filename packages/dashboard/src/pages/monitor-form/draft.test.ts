import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import type { CheckKindView, MonitorView } from "@belfry/contract";
import { bodyOf, copyOf, draftOf, newDraft, suggestedName, withKind } from "./draft.ts";

function kindOf(kind: string, schema: object): CheckKindView {
  return {
    kind,
    title: kind,
    description: "",
    real: true,
    settings_schema: { ...schema },
    defaults: {},
    secrets: ["token"],
    metrics: [],
  };
}

const ping = kindOf(
  "ping",
  Type.Object({ host: Type.String(), count: Type.Integer({ default: 3 }) }),
);

const monitor: MonitorView = {
  id: "0198c0de-0000-7000-8000-000000000001",
  name: "db",
  kind: "tcp",
  url: null,
  expected_status: null,
  enabled: true,
  interval: 30,
  timeout: 5,
  settings: { host: "db", port: 5432, token: { set: true } },
  labels: { team: "core" },
  depends_on: [],
  locations: [],
  quorum: null,
  judging: {
    down_after: 2,
    up_after: 1,
    retry_interval: null,
    degraded_response_time: null,
    degraded_certificate_days: 14,
  },
  target: "db:5432",
  status: "up",
  status_since: "2026-01-01T00:00:00Z",
  flapping: false,
  last_check: null,
  version: 3,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
};

test("a new draft holds every default", () => {
  assert.deepEqual(newDraft(ping), {
    name: "",
    kind: "ping",
    enabled: true,
    interval: 60,
    timeout: 10,
    settings: { host: "", count: 3 },
    labels: {},
    depends_on: [],
    judging: monitor.judging,
    locations: [],
    quorum: null,
  });
});

test("an edit keeps the masks of secrets, so that they stay; a copy has none to keep", () => {
  assert.deepEqual(draftOf(monitor).settings, monitor.settings);
  assert.deepEqual(copyOf(monitor).settings, { host: "db", port: 5432 });
  assert.equal(copyOf(monitor).name, "db copy");
});

test("only what a PUT takes is sent", () => {
  assert.deepEqual(Object.keys(bodyOf(draftOf(monitor))).toSorted(), [
    "depends_on",
    "enabled",
    "interval",
    "judging",
    "kind",
    "labels",
    "locations",
    "name",
    "quorum",
    "settings",
    "timeout",
  ]);
});

test("another kind keeps the host and begins anew otherwise", () => {
  const draft = withKind({ ...draftOf(monitor) }, ping);
  assert.deepEqual(bodyOf(draft).settings, { host: "db", count: 3 });
  assert.equal(bodyOf(draft).kind, "ping");
});

const names: readonly (readonly [settings: unknown, name: string])[] = [
  [{ url: "https://example.org:8443/health" }, "example.org:8443"],
  [{ url: "not one" }, ""],
  [{ host: "db", port: 5432 }, "db:5432"],
  [{ host: "db" }, "db"],
  [{ host: "", port: 1 }, ""],
  [{ name: "example.org", type: "A" }, "example.org"],
  [{}, ""],
  [null, ""],
];
for (const [settings, name] of names) {
  test(`${JSON.stringify(settings)} is called “${name}” by default`, () =>
    assert.equal(suggestedName(settings), name));
}

test("what is not checked has no interval, and is judged as its kind is; both come back with another kind", () => {
  const heartbeat = kindOf("heartbeat", Type.Object({}));
  const draft = newDraft(heartbeat);
  assert.deepEqual(
    [draft.interval, draft.timeout, draft.judging],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(withKind({ ...newDraft(ping), name: "a" }, heartbeat), { ...draft, name: "a" });
  const checked = withKind(draft, ping);
  assert.deepEqual(checked, newDraft(ping));
});

test("an edit keeps where it is checked from", () => {
  const placed = { ...monitor, locations: ["local", "paris"], quorum: 2 };
  const { locations, quorum } = draftOf(placed);
  assert.deepEqual([locations, quorum], [["local", "paris"], 2]);
});
