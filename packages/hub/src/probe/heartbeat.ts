/**
 * `heartbeat`: waits to be called. Passive: nothing is checked here; jobs call `/ping/{token}` or `/api/push/{token}`, and
 * silence is noticed. Whoever knows the token may call, so it is a secret and made here where none is given.
 */
import { randomUUID } from "node:crypto";
import { HeartbeatScheduleSchema } from "@belfry/contract";
import { Type } from "typebox";
import type { CheckKind } from "../model/check-kind.ts";
import { heartbeatKind } from "../model/heartbeat.ts";
import { heartbeatProblems } from "../model/heartbeat-schedule.ts";
import { spanText } from "../model/span-text.ts";
import { defineKind } from "./kind.ts";
import { advanced } from "./schema.ts";

const HeartbeatSettingsSchema = Type.Object(
  {
    schedule: HeartbeatScheduleSchema,
    grace_seconds: Type.Integer({
      minimum: 1,
      maximum: 31_622_400,
      default: 3600,
      title: "Grace",
      description: "Seconds a call may come late, or a run may take, before the monitor is down",
    }),
    max_run_seconds: Type.Union([Type.Integer({ minimum: 1, maximum: 31_622_400 }), Type.Null()], {
      default: null,
      title: "Longest run",
      description: "Seconds from a start to its end; null: the grace",
    }),
    slug: Type.Union(
      [
        Type.String({
          pattern: "^[a-z0-9_-]{1,100}$",
          expected: "up to 100 lower-case letters, digits, - and _",
        }),
        Type.Null(),
      ],
      {
        default: null,
        title: "Slug",
        description: "Its name in /ping/{key}/{slug}; null: made of the monitor's name",
        ...advanced,
      },
    ),
    token: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9_-]{20,64}$",
        expected: "20 to 64 letters, digits, - and _",
        title: "Token",
        description: "Whoever knows it may call; left out: a random one is made",
        ...advanced,
      }),
    ),
  },
  { additionalProperties: false },
);

/** Makes the kind. */
export function createHeartbeatKind({ now }: { readonly now: () => number }): CheckKind {
  const kind = defineKind({
    kind: heartbeatKind,
    title: "Heartbeat",
    description: "Waits to be called by a job, and is down when no call comes in time",
    schema: HeartbeatSettingsSchema,
    secrets: ["token"],
    metrics: [
      { name: "heartbeat_run_duration_seconds", help: "From the start of the run to its end" },
      { name: "heartbeat_exit_code", help: "The exit code that the job called with" },
    ],
    real: true,
    problemsOf: ({ schedule }) =>
      heartbeatProblems(schedule, now()).map(({ path, message }) => ({
        path: `schedule.${path}`,
        message,
      })),
    targetOf: ({ schedule }) => {
      switch (schedule.kind) {
        case "period":
          return `every ${spanText(schedule.seconds)}`;
        case "cron":
        case "calendar":
          return `${schedule.expression} ${schedule.timezone}`;
      }
    },
    hostOf: () => "",
    createProbe: () => async () => ({
      result: "unknown",
      reason: "misconfigured",
      message: "a heartbeat is not checked, it waits to be called",
      durationMs: 0,
    }),
  });
  return {
    ...kind,
    passive: true,
    judgingDefaults: { down_after: 1 },
    parseSettings(settings, at) {
      const parsed = kind.parseSettings(settings, at);
      if (parsed.kind === "bad" || parsed.value["token"] !== undefined) return parsed;
      return { kind: "ok", value: { ...parsed.value, token: randomUUID() } };
    },
  };
}
