/** Bodies that a template is tried with before it is taken: it must give JSON for all of them. */
import type { WebhookBody } from "./message.ts";

const time = "2026-02-03T04:05:06.000Z";

const incident = {
  id: "019c1b2a-6c50-7000-8000-000000000001",
  status: "firing",
  severity: "critical",
  title: 'the "api" is down',
  message: "refused the connection\nat once",
  cause: null,
  subjects: [
    { kind: "monitor", id: "m1", name: "api", target: "https://example.org/" },
    { kind: "host", id: "h1", name: "web-1", target: null },
  ],
  affected: 2,
  labels: { team: "core" },
  facts: [
    { name: "status code", value: "503" },
    { name: "failures in a row", value: "2" },
  ],
  opened_at: time,
  acknowledged_at: null,
  acknowledged_by: null,
  resolved_at: null,
  links: { page: "https://belfry.example.org/i", acknowledge: null, snooze: null },
} as const;

const bare = {
  ...incident,
  cause: "the same host",
  subjects: [],
  labels: {},
  facts: [],
  acknowledged_at: time,
  acknowledged_by: "ada",
  resolved_at: time,
  links: null,
} as const;

const body: WebhookBody = {
  id: "019c1b2a-6c50-7000-8000-000000000002",
  kind: "firing",
  at: time,
  title: 'the "api" is down',
  text: "first line\nsecond line",
  incidents: [incident],
  more: 0,
};

/** One incident, several, and none. */
export const webhookSamples: readonly { readonly what: string; readonly body: WebhookBody }[] = [
  { what: "a notice of one incident", body },
  {
    what: "a digest of several incidents",
    body: { ...body, kind: "digest", incidents: [incident, bare], more: 3 },
  },
  { what: "a test without incidents", body: { ...body, kind: "test", text: "", incidents: [] } },
];
