import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Silence } from "../../model/alert-policy.ts";
import type { Incident } from "../../model/incident.ts";
import { at, incidentOf, matcherOf, monitor, over } from "../flow.kit.ts";
import { second, silenceOf, through, troubleOf } from "../flow.kit.ts";
import { silence } from "./silence.ts";

const other = troubleOf({ of: "web", labels: { team: "web" } });
const both = incidentOf({ troubles: [troubleOf(), other] });

const table: readonly {
  readonly says: string;
  readonly silences?: readonly Silence[];
  readonly incident?: Incident;
  readonly by: string | undefined;
  readonly until?: number;
}[] = [
  { says: "without silences", by: undefined },
  { says: "a silence that matches", silences: [silenceOf()], by: "silence", until: 2000 },
  { says: "one that is to come", silences: [silenceOf({ startsAt: at(1001) })], by: undefined },
  {
    says: "one that begins now",
    silences: [silenceOf({ startsAt: at(1000) })],
    by: "silence",
    until: 2000,
  },
  { says: "one that ends now", silences: [silenceOf({ endsAt: at(1000) })], by: undefined },
  {
    says: "one of others",
    silences: [silenceOf({ matchers: [matcherOf("team", "web")] })],
    by: undefined,
  },
  {
    says: "one by severity and name",
    silences: [
      silenceOf({ matchers: [matcherOf("severity", "critical"), matcherOf("subject", "api")] }),
    ],
    by: "silence",
    until: 2000,
  },
  {
    says: "one of two that hang on nothing",
    silences: [silenceOf()],
    incident: both,
    by: undefined,
  },
  {
    says: "both, by two silences: the first end counts",
    silences: [
      silenceOf({ endsAt: at(1500) }),
      silenceOf({ matchers: [matcherOf("team", "web")], endsAt: at(1200) }),
    ],
    incident: both,
    by: "silence",
    until: 1200,
  },
  {
    says: "what hangs on something critical that is silenced",
    silences: [silenceOf()],
    incident: incidentOf({ troubles: [troubleOf(), { ...other, subject: monitor("below") }] }),
    by: "silence",
    until: 2000,
  },
  {
    says: "an incident that is snoozed",
    incident: incidentOf({ snoozedUntil: at(1300) }),
    by: "snooze",
    until: 1300,
  },
  {
    says: "one that was snoozed until now",
    incident: incidentOf({ snoozedUntil: at(1000) }),
    by: undefined,
  },
  {
    says: "one that is snoozed and over",
    incident: { ...over(incidentOf()), snoozedUntil: at(1300) },
    silences: [silenceOf()],
    by: undefined,
  },
];

describe("the silence stage", () => {
  for (const { says, silences = [], incident = incidentOf(), by, until } of table) {
    test(`${says}: ${by ?? "told"}`, () => {
      const item = through(silence, {
        incidents: [incident],
        policy: { silences },
        world: { parentsOf: ({ id }) => (id === "below" ? [monitor("api")] : []) },
      });
      assert.deepEqual([item.suppressed?.by, second(item.wakeAt)], [by, until ?? null]);
    });
  }
});
