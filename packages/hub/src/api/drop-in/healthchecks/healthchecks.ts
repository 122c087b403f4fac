/**
 * Healthchecks' way to be called, for scripts and clients as they are: paths, codes, bodies and headers.
 *
 *     /ping/{token}[/start|/fail|/log|/{0-255}]
 *     /ping/{key}/{slug}[/start|/fail|/log|/{0-255}][?create=1]
 *
 * `{key}` is a key of Belfry with the scope `ingest`. The answer comes when the call is synced to disk.
 */
import type { PingKind } from "@belfry/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { ApiKey } from "../../../model/access.ts";
import { heartbeatKind, pingBodyLimit } from "../../../model/heartbeat.ts";
import type { MonitorId } from "../../../model/id.ts";
import { parseMonitor } from "../../../model/monitor-input.ts";
import { allows } from "../../access/permission.ts";
import { createCallLimits, type CallLimits } from "../../heartbeats/call-limits.ts";
import { addPingBodies, pingOf, pingRequestLimit } from "../../heartbeats/ping.ts";
import { accept, contextOf } from "../../monitors/monitors.ts";
import type { ApiParts } from "../../parts.ts";
import { addRoute, type Answer } from "../../route.ts";
import type { ApiSettings } from "../../settings.ts";

export interface HealthchecksParts extends Pick<
  ApiParts,
  "clock" | "kinds" | "board" | "newId" | "desk" | "heartbeats"
> {
  /** The key with this text. */
  readonly keyOf: (secret: string) => Promise<ApiKey | undefined>;
}

const text = (description: string): Answer => ({
  description,
  schema: Type.String(),
  type: "text/plain; charset=utf-8",
});

const answers = {
  200: text("`OK`: it is stored"),
  201: text("`Created`: there was no such heartbeat, it was made and called"),
} as const;

const errorAnswers = {
  400: text("`invalid url format` or `invalid uuid format`"),
  404: text("`not found`"),
  409: text("`ambiguous slug`: several heartbeats have it"),
  413: text("The body is larger than 1 MiB"),
  429: text("`rate limited`"),
  500: text("A fault of Belfry"),
  503: text("It cannot be stored now"),
} as const;

const query = Type.Object(
  {
    rid: Type.Optional(Type.String({ description: "A UUID that pairs a start with its end" })),
    create: Type.Optional(Type.String({ description: "`1`: make it where there is none" })),
  },
  { additionalProperties: true },
);

const paths = ["/ping/:first", "/ping/:first/:second", "/ping/:first/:second/:third"] as const;

/** Registers the routes, in a scope of their own: bodies of any content type come in as bytes. */
export function addHealthchecksRoutes(
  app: FastifyInstance,
  settings: ApiSettings,
  parts: HealthchecksParts,
): void {
  addPingBodies(app);
  const limits = createCallLimits(settings.rateLimit.failedAttempts, parts.clock);
  const provision = createProvisioning(settings, parts);
  for (const path of paths) {
    for (const method of ["GET", "POST"] as const) {
      addRoute(app, {
        method,
        path,
        surface: "healthchecks",
        // Told of once: POST is as GET.
        ...(method === "GET" ? {} : { hidden: true }),
        permission: "open",
        tag: "heartbeats",
        summary: "Call a heartbeat, as Healthchecks has it",
        description:
          "With GET, HEAD or POST; of a body the first 10,000 bytes are kept. Whoever knows the token may call.",
        params: Type.Object(Object.fromEntries(namesIn(path).map((name) => [name, Type.String()]))),
        query,
        bodyLimit: pingRequestLimit,
        rateLimit: false,
        answers,
        errorAnswers,
        handle: ({ request, reply }) => answer(request, reply, { ...parts, limits, provision }),
      });
    }
  }
}

function namesIn(path: string): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].flatMap(([, name]) => name ?? []);
}

interface CallParts extends HealthchecksParts {
  readonly limits: CallLimits;
  readonly provision: (slug: string, key: ApiKey) => Promise<Provisioned>;
}

/** A body in plain text, and its status. */
interface Plain {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: number;
}

const notFound: Plain = { status: 404, body: "not found" };
const badUrl: Plain = { status: 400, body: "invalid url format" };
const badUuid: Plain = { status: 400, body: "invalid uuid format" };
const ambiguous: Plain = { status: 409, body: "ambiguous slug" };

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: CallParts,
): Promise<string> {
  const plain = await call(request, parts);
  reply.code(plain.status);
  reply.header("content-type", "text/plain; charset=utf-8");
  reply.header("access-control-allow-origin", "*");
  if (plain.status < 300) reply.header("ping-body-limit", String(pingBodyLimit));
  if (plain.retryAfter !== undefined) reply.header("retry-after", plain.retryAfter);
  return reply.send(plain.body) as unknown as string;
}

async function call(request: FastifyRequest, parts: CallParts): Promise<Plain> {
  const { limits, provision } = parts;
  const { first = "", second, third } = request.params as Partial<Record<string, string>>;
  const { rid, create } = request.query as Partial<Record<string, string>>;
  const missed = (): Plain => {
    const wait = limits.missed(request.ip);
    return wait === 0 ? notFound : { status: 429, body: "rate limited", retryAfter: wait };
  };
  const byToken = parts.heartbeats.byToken(first);
  const isToken = byToken !== "missing" || uuid.test(first) || second === undefined;
  if (isToken && third !== undefined) return badUrl;
  const action = actionOf(isToken ? second : third);
  if (action === undefined) return badUrl;
  if (rid !== undefined && !uuid.test(rid)) return badUuid;
  let created = false;
  let id: MonitorId;
  if (isToken) {
    if (byToken === "missing") return missed();
    if (byToken === "ambiguous") return ambiguous;
    id = byToken;
  } else {
    const key = await parts.keyOf(first);
    if (key === undefined || !allows(key.scopes, "ingest")) return missed();
    const slug = second ?? "";
    const found = parts.heartbeats.bySlug(slug);
    if (found === "ambiguous") return ambiguous;
    if (found === "missing") {
      if (create !== "1") return missed();
      if (!slugPattern.test(slug)) return badUrl;
      ({ id, created } = await provision(slug, key));
    } else {
      id = found;
    }
  }
  const wait = limits.called(id);
  if (wait > 0) return { status: 429, body: "rate limited", retryAfter: wait };
  const ping = pingOf(request, parts.clock.now(), {
    ...action,
    ...(rid === undefined ? {} : { rid: rid.toLowerCase() }),
  });
  const taken = await parts.heartbeats.take(id, ping);
  if (taken === null) return notFound;
  return created ? { status: 201, body: "Created" } : { status: 200, body: "OK" };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const slugPattern = /^[a-z0-9_-]{1,100}$/;

/** What the end of a path says; undefined: nothing that is known. */
function actionOf(
  last: string | undefined,
): { readonly kind: PingKind; readonly exitCode?: number } | undefined {
  if (last === undefined) return { kind: "success" };
  if (last === "start" || last === "fail" || last === "log") return { kind: last };
  if (!/^\d{1,3}$/.test(last)) return undefined;
  const exitCode = Number(last);
  if (exitCode > 255) return undefined;
  return { kind: exitCode === 0 ? "success" : "fail", exitCode };
}

/** The heartbeat a slug stands for; `created`: it was made just now, and not by another hub. */
interface Provisioned {
  readonly id: MonitorId;
  readonly created: boolean;
}

/** Makes the heartbeat a slug stands for; calls that come at once make one, whichever hubs they come to. */
function createProvisioning(
  settings: ApiSettings,
  parts: HealthchecksParts,
): (slug: string, key: ApiKey) => Promise<Provisioned> {
  const making = new Map<string, Promise<Provisioned>>();
  return (slug, key) => {
    const made =
      making.get(slug) ?? provision(slug, settings, parts, key).finally(() => making.delete(slug));
    making.set(slug, made);
    return made;
  };
}

/** Makes the heartbeat a slug stands for, with the settings of one that says nothing: a day, and an hour of grace. */
async function provision(
  slug: string,
  settings: ApiSettings,
  parts: HealthchecksParts,
  key: ApiKey,
): Promise<Provisioned> {
  const id = parts.newId<"monitor">(parts.clock.now());
  const input = { name: slug, kind: heartbeatKind, settings: { slug } };
  const monitor = accept(parseMonitor(input, contextOf(settings, parts, id, undefined)));
  const found = await parts.desk.provision(monitor, `key:${key.name}`);
  return { id: found, created: found === id };
}
