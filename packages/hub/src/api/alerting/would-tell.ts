/** `/api/v1/would-tell`: who would be told if something were in trouble. */
import {
  WouldTellSchema,
  severities,
  type AlertStage,
  type NoticeKind,
  type Severity,
  type WouldTell,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import type { AlertRoute, ChannelSettings } from "../../model/alert-policy.ts";
import { AppError } from "../../model/error.ts";
import { parseId } from "../../model/id.ts";
import type { Subject, SuppressedBy } from "../../model/incident.ts";
import type { ChannelId } from "../../model/notice.ts";
import { readLabel } from "../monitors/list.ts";
import { timeText } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { invalidAt, readTime } from "../times.ts";

/** Asks alerting; times are epoch ms. */
export interface Foresight {
  wouldTell(supposed: {
    readonly subject: Subject;
    readonly rule: string;
    readonly severity: Severity;
    readonly message: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly at: number;
  }): Promise<{
    readonly labels: Readonly<Record<string, string>>;
    readonly suppressed: { readonly by: SuppressedBy; readonly why: string } | null;
    readonly stages: readonly {
      readonly stage: AlertStage;
      readonly result: "passed" | "suppressed" | "decided" | "not_reached";
      readonly text: string;
      readonly found: readonly {
        readonly kind: "maintenance" | "incident" | "silence" | "alert_route";
        readonly id: string;
        readonly name: string;
      }[];
    }[];
    readonly routes: readonly AlertRoute[];
    readonly told: readonly {
      readonly at: number;
      readonly kind: NoticeKind;
      readonly route: string;
      readonly channelId: ChannelId;
      readonly everySeconds: number | null;
      readonly why: string | null;
    }[];
    readonly until: number;
  }>;
}

const query = Type.Object(
  {
    monitor: Type.Optional(Type.String({ description: "Id of the monitor that would be down" })),
    host: Type.Optional(Type.String({ description: "Id of the host that would be silent" })),
    job: Type.Optional(Type.String({ description: "Id of the job that would fail" })),
    label: Type.Optional(
      Type.Array(Type.String({ maxLength: 300 }), {
        maxItems: 32,
        description: "`team:core`: besides those of the subject, or instead of them",
      }),
    ),
    severity: Type.Optional(
      Type.Enum([...severities], { description: "Left out: that of the rule, `critical`" }),
    ),
    rule: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: "Left out: `monitor_down`, `host_silent`, `job_failed`, or `alert`",
      }),
    ),
    at: Type.Optional(
      Type.String({ description: "RFC 3339 or Unix seconds; left out: now. Not in the past" }),
    ),
  },
  { additionalProperties: false },
);
type Query = Static<typeof query>;

/** Who asks for what was a moment ago means now. */
const toleranceMs = 60_000;

/** Registers the route. */
export function addWouldTellRoute(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/would-tell",
    permission: "read",
    tag: "alerting",
    summary: "Who would be told if something were in trouble",
    description:
      "Of a monitor, a host, a job, or of something that has only labels. A made-up incident goes through the stages of " +
      "alerting, at first and as time goes on, while nobody acknowledges it; nothing is stored and nobody is told.",
    query,
    answers: {
      200: { description: "What each stage does, and who is told when", schema: WouldTellSchema },
    },
    errors: ["not_found"],
    async handle({ query: asked }) {
      const at = timeOf(asked.at, parts.clock.now());
      const supposed = await supposedOf(asked, parts);
      const prospect = await parts.foresight.wouldTell({ ...supposed, at });
      const { subject, severity } = supposed;
      return viewOf(prospect, { subject, severity, at }, await channelsOf(parts));
    },
  });
}

function timeOf(text: string | undefined, now: number): number {
  const at = text === undefined ? now : readTime(text, "at");
  if (at < now - toleranceMs) throw invalidAt("at", "expected a time that is not in the past");
  return Math.max(at, now);
}

type Supposed = Omit<Parameters<Foresight["wouldTell"]>[0], "at">;

async function supposedOf(asked: Query, parts: ApiParts): Promise<Supposed> {
  const found = await subjectOf(asked, parts);
  const own = (asked.label ?? [])
    .map(readLabel)
    .map(({ name, value = "" }) => [name, value] as const);
  return {
    subject: found.subject,
    rule: asked.rule ?? found.rule,
    severity: asked.severity ?? "critical",
    message: "supposed",
    labels: { ...found.labels, ...Object.fromEntries(own) },
  };
}

async function subjectOf(
  { monitor, host, job }: Query,
  { board, store }: ApiParts,
): Promise<Pick<Supposed, "subject" | "rule" | "labels">> {
  const given = [monitor, host, job].filter((one) => one !== undefined);
  if (given.length > 1) throw invalidAt("", "expected one of `monitor`, `host` and `job`");
  if (job !== undefined) {
    const id = parseId<"job">(job);
    const found = id === undefined ? undefined : await store.job(id);
    if (found === undefined) throw new AppError("not_found", "There is no job with this id");
    const { name, appName: app, siteId: site, type } = found;
    const subject = { kind: "job", id: found.id, name } as const;
    return { subject, rule: "job_failed", labels: { job: name, app, site, type } };
  }
  const wanted = monitor ?? host;
  if (wanted === undefined) {
    const subject = { kind: "external", id: "supposed", name: "something" } as const;
    return { subject, rule: "alert", labels: {} };
  }
  const kind = monitor === undefined ? "host" : "monitor";
  const id = parseId<"monitor">(wanted);
  const entry = id === undefined ? undefined : board.get(id);
  if (entry === undefined) throw new AppError("not_found", `There is no ${kind} with this id`);
  const { name, labels } = entry.monitor;
  const rule = kind === "host" ? "host_silent" : "monitor_down";
  return { subject: { kind, id: entry.monitor.id, name }, rule, labels };
}

type ShownChannel = WouldTell["told"][number]["channel"];
type ShowChannel = (id: string) => ShownChannel | undefined;

async function channelsOf({ store, channels }: ApiParts): Promise<ShowChannel> {
  const all = await store.alertSettings("channel");
  const shown = new Map(all.map((one) => [String(one.id), shownChannel(one, channels)]));
  return (id) => shown.get(id);
}

function shownChannel(
  { id, name, kind, enabled }: ChannelSettings,
  channels: ApiParts["channels"],
): ShownChannel {
  const trouble = channels.trouble(id);
  return {
    id,
    name,
    kind,
    enabled,
    trouble: trouble === null ? null : { ...trouble, since: timeText(trouble.since) },
  };
}

function viewOf(
  prospect: Awaited<ReturnType<Foresight["wouldTell"]>>,
  { subject, severity, at }: Pick<Supposed, "subject" | "severity"> & { readonly at: number },
  channel: ShowChannel,
): WouldTell {
  const { routes, suppressed, told } = prospect;
  const shown = told.flatMap((one) => {
    const to = channel(one.channelId);
    if (to === undefined) return [];
    return [
      {
        at: timeText(one.at),
        after_seconds: Math.round((one.at - at) / 1000),
        kind: one.kind,
        route: routeOf(one.route, routes),
        channel: to,
        every_seconds: one.everySeconds,
        why: one.why,
      },
    ];
  });
  return {
    subject: { ...subject },
    severity,
    labels: { ...prospect.labels },
    at: timeText(at),
    until: timeText(prospect.until),
    suppressed_by: suppressed?.by ?? null,
    why: suppressed?.why ?? null,
    stages: prospect.stages.map((one) => ({ ...one, found: one.found.map((it) => ({ ...it })) })),
    routes: routes.map(({ id, route }) => ({
      id,
      name: route.name,
      channels: route.channels.flatMap((one) => channel(one) ?? []),
    })),
    told: shown,
    nobody: shown.length > 0 ? null : nobodyText(prospect),
  };
}

function routeOf(id: string, routes: readonly AlertRoute[]): { id: string | null; name: string } {
  if (id === "default") return { id: null, name: "default channels" };
  return { id, name: routes.find((one) => one.id === id)?.route.name ?? "" };
}

function nobodyText({
  suppressed,
  routes,
}: Pick<Awaited<ReturnType<Foresight["wouldTell"]>>, "suppressed" | "routes">): string {
  if (suppressed !== null) return `nobody is told while this lasts: ${suppressed.why}`;
  return routes.length === 0
    ? "no route matches, and no default channel is switched on"
    : "the routes that match have no channel that is switched on";
}
