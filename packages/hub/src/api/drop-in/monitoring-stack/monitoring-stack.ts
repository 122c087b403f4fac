/**
 * The Monitoring Stack's surface, for its forwarder and its dashboard as they are: same paths, bodies and errors. Every
 * host is there, whoever watches it. What the original failed at is answered: NaN and lists with 400, hosts whose name
 * holds a slash (`/hosts/a/b/clean`, or `a%2Fb`), a post sent twice (it counts once), clocks that are wrong. Names are
 * answered in JSON only, so nothing in one is ever run.
 *
 * `cpu_cores` of a post and `PUT /settings` of the later version are not kept.
 */
import {
  StackCleanedSchema,
  StackDeletedSchema,
  StackErrorSchema,
  StackOkSchema,
  StackPostSchema,
  type StackCleaned,
  type StackDeleted,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Principal } from "../../../model/access.ts";
import { AppError } from "../../../model/error.ts";
import { hostSource } from "../../../model/host.ts";
import type { HostEntry } from "../../../model/host-entry.ts";
import { stackClient } from "../../access/access.ts";
import { actorOf } from "../../access/permission.ts";
import { addRoute, type Answer } from "../../route.ts";
import type { ApiSettings } from "../../settings.ts";
import { refused } from "./error.ts";
import { createPostLimit } from "./post-limit.ts";
import { readPost } from "./post.ts";
import { addStackReads, everything, type StackParts } from "./reads.ts";
import { countedKey } from "./rows.ts";

const sentence = (description: string): Answer => ({ description, schema: StackErrorSchema });

/** Errors of every route of the surface. */
export const stackErrors = {
  400: sentence("What is wrong with the request"),
  401: sentence("No valid key"),
  403: sentence("The key may not do that"),
  422: sentence("The request holds what cannot be kept"),
  429: sentence("Too many requests"),
  500: sentence("A fault of Belfry"),
  503: sentence("The store cannot answer now"),
} as const;

const surface = "monitoring_stack";
const tag = surface;
const nameParams = Type.Object({
  hostname: Type.String({ description: "A slash in it may be written as it is" }),
});
const restParams = Type.Object({ "*": Type.String() });

/** Registers the routes, in a scope of their own: bodies of any content type come in as bytes. */
export function addMonitoringStackRoutes(
  app: FastifyInstance,
  settings: Pick<ApiSettings, "monitoringStack">,
  parts: StackParts,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  addPost(app, settings.monitoringStack, parts);
  addStackReads(app, settings.monitoringStack, parts, stackErrors);
  addClean(app, settings.monitoringStack, parts);
  addDelete(app, settings.monitoringStack, parts);
}

type StackSettings = ApiSettings["monitoringStack"];

function addPost(app: FastifyInstance, settings: StackSettings, parts: StackParts): void {
  const waitSeconds = createPostLimit(settings.rateLimitPerMinute, parts.clock);
  const warnDropped = createWarning(parts);
  addRoute(app, {
    method: "POST",
    path: "/metrics",
    surface,
    permission: "ingest",
    tag,
    summary: "Take in a sample of a host",
    description:
      "Makes the host when it is new. Numbers may come as text. Details that are too large are left out, and the rest " +
      "is kept. Sending the same sample again changes nothing. Answered once it is synced to disk.",
    body: StackPostSchema,
    parseBody: (body) => ({ kind: "ok", value: body as never }),
    bodyLimit: settings.maxContentLength,
    answers: { 200: { description: "It is stored", schema: StackOkSchema } },
    errorAnswers: { ...stackErrors, 413: sentence("The body is too large") },
    async handle({ request, reply }) {
      const wait = waitSeconds(request.ip);
      if (wait > 0) {
        reply.header("retry-after", wait);
        throw new AppError("rate_limited", "");
      }
      const { "content-type": type } = request.headers;
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
      const { post, droppedDetails } = readPost(type, body, settings.maxDetailsBytes);
      if (droppedDetails) warnDropped(post.hostname);
      checkClock(post.timestamp, parts.clock.now());
      const received = await parts.hosts.receivePost(post);
      if (received.kind === "stored" && received.accepted === 0) {
        throw refused("The timestamp is older than what is kept");
      }
      return { status: "ok" };
    },
  });
}

/** The store refuses what is a day ahead; so far beyond, it would even be no time. */
const mostAheadSeconds = 86_400;
const earliestSeconds = -62_135_596_800;

function checkClock(timestamp: number, now: number): void {
  if (timestamp >= now / 1000 + mostAheadSeconds) {
    throw refused("The timestamp is more than a day ahead of the server's clock");
  }
  if (timestamp < earliestSeconds) throw refused("The timestamp is older than what is kept");
}

/** A forwarder sends the same details again and again: they are said once a minute. */
function createWarning({ log, clock }: StackParts): (hostname: string) => void {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return (hostname) => {
    if (clock.monotonicMs() < quietUntilMs) return;
    quietUntilMs = clock.monotonicMs() + 60_000;
    log.warn({ hostname }, "details of a post were too large, too deep or held U+0000: left out");
  };
}

// Cleaning and deleting stand twice: a path with a star takes the names whose slashes are not encoded.

function addClean(app: FastifyInstance, settings: StackSettings, parts: StackParts): void {
  const common = {
    method: "POST",
    surface,
    permission: "write",
    tag,
    summary: "Delete the samples of a host",
    answers: { 200: { description: "How many there were", schema: StackCleanedSchema } },
  } as const;
  addRoute(app, {
    ...common,
    path: "/hosts/:hostname/clean",
    params: nameParams,
    errorAnswers: stackErrors,
    handle: ({ params, principal }) => clean(params.hostname, principal),
  });
  addRoute(app, {
    ...common,
    path: "/hosts/*",
    hidden: true,
    params: restParams,
    errorAnswers: { ...stackErrors, 404: sentence("The path does not end with `/clean`") },
    handle({ params, principal }) {
      const name = /^(.+)\/clean$/s.exec(params["*"])?.[1];
      if (name === undefined) throw new AppError("not_found", "");
      return clean(name, principal);
    },
  });

  async function clean(name: string, principal: Principal): Promise<StackCleaned> {
    checkKey(settings, principal);
    const entry = parts.hosts.byName(name);
    if (entry === undefined) return { metrics_deleted: 0, status: "ok" };
    const count = await countOf(parts, entry);
    await parts.hostDesk.clean(entry.host.id, actorOf(principal));
    return { metrics_deleted: count, status: "ok" };
  }
}

function addDelete(app: FastifyInstance, settings: StackSettings, parts: StackParts): void {
  const common = {
    method: "DELETE",
    surface,
    permission: "write",
    tag,
    summary: "Delete a host with everything that is kept of it",
    answers: { 200: { description: "How much there was", schema: StackDeletedSchema } },
    errorAnswers: stackErrors,
  } as const;
  addRoute(app, {
    ...common,
    path: "/hosts/:hostname",
    params: nameParams,
    handle: ({ params, principal }) => remove(params.hostname, principal),
  });
  addRoute(app, {
    ...common,
    path: "/hosts/*",
    hidden: true,
    params: restParams,
    handle: ({ params, principal }) => remove(params["*"], principal),
  });

  async function remove(name: string, principal: Principal): Promise<StackDeleted> {
    checkKey(settings, principal);
    const entry = parts.hosts.byName(name);
    const nothing = { details: 0, metrics: 0, status: "ok" } as const;
    if (entry === undefined) return nothing;
    const { id } = entry.host;
    const [count, details] = await Promise.all([
      countOf(parts, entry),
      parts.store.hostDetails(id),
    ]);
    const isGone = await parts.hostDesk.remove(id, actorOf(principal));
    if (!isGone) return nothing;
    return { details: details === undefined ? 0 : 1, metrics: count, status: "ok" };
  }
}

function countOf({ store, clock }: StackParts, { host }: HostEntry): Promise<number> {
  return store.countSamples(hostSource(host.id), countedKey, everything(clock.now()));
}

/** Where the surface has a key of its own, being near is not enough. */
function checkKey(settings: StackSettings, principal: Principal): void {
  if (settings.apiKey === null || principal === stackClient) return;
  if (principal.kind === "loopback") throw new AppError("unauthenticated", "");
}
