/**
 * What channels, routes, silences and maintenance windows have in common over HTTP: list, create, read, replace, delete,
 * with a version for `If-Match` and an audit entry for each change.
 */
import type { AuditEntry } from "../../model/access.ts";
import type { AlertSettingKind, AlertSettings } from "../../model/alert-policy.ts";
import { AppError } from "../../model/error.ts";
import { parseId } from "../../model/id.ts";
import type { Parsed } from "@belfry/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import {
  Type,
  type Static,
  type TObject,
  type TOptional,
  type TSchema,
  type TUnsafe,
} from "typebox";
import { actorOf, type Permission } from "../access/permission.ts";
import { createIdempotency } from "../idempotency.ts";
import { checkIfMatch, etagOf } from "../monitors/conditions.ts";
import { accept, idParams } from "../monitors/monitors.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute, noContent, type Answer } from "../route.ts";

/** A setting without what the store keeps beside it. */
export type Body<K extends AlertSettingKind> = Omit<
  AlertSettings[K],
  "id" | "version" | "createdAt" | "updatedAt"
>;

/** The kinds people make as many of as they like. */
export type ResourceKind = Exclude<AlertSettingKind, "alert_rule">;

/** One of the four. */
export interface Resource<K extends ResourceKind, I extends TSchema> {
  readonly kind: K;
  readonly path: string;
  readonly tag: string;
  /** As in `Create a channel`. */
  readonly noun: string;
  readonly writes: Permission;
  readonly input: I;
  readonly output: TSchema;
  readonly description?: string;
  /** Reads what was sent; `former` is what it replaces. Problems are named by their path. */
  parse(
    input: Static<I>,
    former: AlertSettings[K] | undefined,
    request: FastifyRequest,
  ): Promise<Parsed<Body<K>>>;
  /** As they are shown, in the same order. */
  views(settings: readonly AlertSettings[K][]): Promise<readonly object[]>;
  /** What the audit tells of it, without secrets. */
  readonly detail: (setting: AlertSettings[K]) => unknown;
  /** Told once one was made, changed or deleted. */
  changed?(): void;
  /** How each of them stands: the list may be asked for those that stand in one way. */
  readonly states?: {
    readonly all: readonly string[];
    readonly of: (setting: AlertSettings[K]) => string;
  };
  /** Why it may not be changed or deleted here, if so. */
  refusal?(setting: AlertSettings[K], action: "change" | "delete"): Promise<string | undefined>;
}

/** Settings that are listed at once; more are not shown, and 1,000 are allowed of each kind. */
const mostSettings = 1_000;

const limit = Type.Integer({ minimum: 1, maximum: mostSettings, default: mostSettings });
const listQuery = Type.Object({ limit }, { additionalProperties: false });
type ListQuery = TObject<{ limit: typeof limit; state: TOptional<TUnsafe<string>> }>;

/**
 * The parameter `state` is there where there are states. Guarantee of the cast: without states it is refused, so that it
 * is never given, as its type has it.
 */
function listQueryOf({
  states,
}: {
  readonly states?: { readonly all: readonly string[] };
}): ListQuery {
  if (states === undefined) return listQuery as TObject as ListQuery;
  const state = Type.Unsafe<string>(Type.Enum([...states.all], { description: "Only these" }));
  return Type.Object({ limit, state: Type.Optional(state) }, { additionalProperties: false });
}

/** Registers the routes of a resource. */
export function addResource<K extends ResourceKind, I extends TSchema>(
  app: FastifyInstance,
  parts: ApiParts,
  resource: Resource<K, I>,
): void {
  const { path, tag, noun } = resource;
  const reads = { permission: "read", tag } as const;
  addRoute(app, {
    ...reads,
    method: "GET",
    path,
    summary: `List: ${noun}`,
    query: listQueryOf(resource),
    answers: {
      200: {
        description: "All of them, the oldest first",
        schema: Type.Object({ items: Type.Array(resource.output) }),
      },
    },
    async handle({ query }) {
      const all = await parts.store.alertSettings(resource.kind);
      const wanted = all.filter(
        (one) => query.state === undefined || resource.states?.of(one) === query.state,
      );
      return { items: await resource.views(wanted.slice(0, query.limit)) };
    },
  });
  addRoute(app, {
    ...reads,
    method: "GET",
    path: `${path}/:id`,
    summary: `Read: ${noun}`,
    params: idParams,
    answers: { 200: answerOf(resource) },
    errors: ["not_found"],
    async handle({ params, reply }) {
      const setting = await findSetting(parts, resource, params.id);
      reply.header("etag", etagOf(setting.version));
      return viewOf(resource, setting);
    },
  });
  addCreating(app, parts, resource);
  addChanging(app, parts, resource);
}

/** The setting of a path's id; throws `not_found`. */
export async function findSetting<K extends ResourceKind>(
  parts: Pick<ApiParts, "store">,
  { kind, noun }: { readonly kind: K; readonly noun: string },
  id: string,
): Promise<AlertSettings[K]> {
  const parsed = parseId(id);
  const found = parsed === undefined ? undefined : await parts.store.alertSetting(kind, parsed);
  if (found === undefined) throw new AppError("not_found", `There is no ${noun} with this id`);
  return found;
}

/** Writes a new one; throws `conflict` when there are too many. */
export async function createSetting<K extends ResourceKind, I extends TSchema>(
  parts: Pick<ApiParts, "store" | "clock" | "newId" | "incidentDesk">,
  resource: Resource<K, I>,
  body: Body<K>,
  actor: string,
): Promise<AlertSettings[K]> {
  const present = await parts.store.alertSettings(resource.kind);
  if (present.length >= mostSettings) {
    throw new AppError("conflict", `There are ${mostSettings} already`);
  }
  const now = parts.clock.now();
  const id = parts.newId<K>(now);
  const setting = withKept<K>(body, { id, version: 1, createdAt: now, updatedAt: now });
  await parts.store.createAlertSetting(
    resource.kind,
    setting,
    auditOf("create", resource, setting, actor, now),
  );
  resource.changed?.();
  parts.incidentDesk.wake();

  return setting;
}

/** Deletes one; throws where it may not be, or is gone. */
export async function deleteSetting<K extends ResourceKind, I extends TSchema>(
  parts: Pick<ApiParts, "store" | "clock" | "incidentDesk">,
  resource: Resource<K, I>,
  setting: AlertSettings[K],
  actor: string,
): Promise<void> {
  await refuse(resource, setting, "delete");
  const result = await parts.store.deleteAlertSetting(
    resource.kind,
    setting.id,
    setting.version,
    auditOf("delete", resource, setting, actor, parts.clock.now()),
  );
  if (result !== "deleted") throwGone(result, resource.noun);
  resource.changed?.();
  parts.incidentDesk.wake();
}

/** Replaces one by its next version. */
export async function replaceSetting<K extends ResourceKind, I extends TSchema>(
  parts: Pick<ApiParts, "store" | "clock" | "incidentDesk">,
  resource: Resource<K, I>,
  change: { readonly former: AlertSettings[K]; readonly body: Body<K> },
  actor: string,
): Promise<AlertSettings[K]> {
  const { former, body } = change;
  const now = parts.clock.now();
  const { id, createdAt, version } = former;
  const setting = withKept<K>(body, { id, createdAt, version: version + 1, updatedAt: now });
  const result = await parts.store.updateAlertSetting(
    resource.kind,
    setting,
    auditOf("update", resource, setting, actor, now),
  );
  if (result !== "updated") throwGone(result, resource.noun);
  resource.changed?.();
  parts.incidentDesk.wake();

  return setting;
}

function addCreating<K extends ResourceKind, I extends TSchema>(
  app: FastifyInstance,
  parts: ApiParts,
  resource: Resource<K, I>,
): void {
  const { path, tag, noun } = resource;
  const idempotency = createIdempotency(parts);
  const answer = answerOf(resource);
  addRoute(app, {
    method: "POST",
    path,
    permission: resource.writes,
    tag,
    summary: `Create: ${noun}`,
    description:
      `${resource.description ?? ""} With \`Idempotency-Key\` a repetition within a day makes no second one.`.trim(),
    body: resource.input,
    answers: {
      201: { ...answer, headers: { ...answer.headers, location: "Path of the new one" } },
    },
    errors: ["conflict"],
    async handle({ request, reply, body, principal }) {
      const made = await idempotency.run(request, reply, async () => {
        const parsed = accept(await resource.parse(body, undefined, request));
        const setting = await createSetting(parts, resource, parsed, actorOf(principal));
        return { status: 201, body: await viewOf(resource, setting) };
      });
      const view = made.body as { readonly id: string; readonly version: number };
      reply.code(made.status);
      reply.headers({ location: `${path}/${view.id}`, etag: etagOf(view.version) });
      return view;
    },
  });
}

function addChanging<K extends ResourceKind, I extends TSchema>(
  app: FastifyInstance,
  parts: ApiParts,
  resource: Resource<K, I>,
): void {
  const { tag, noun } = resource;
  const common = {
    path: `${resource.path}/:id`,
    permission: resource.writes,
    tag,
    params: idParams,
    errors: ["not_found", "conflict", "version_mismatch"],
  } as const;
  addRoute(app, {
    ...common,
    method: "PUT",
    summary: `Replace: ${noun}`,
    ...(resource.description === undefined ? {} : { description: resource.description }),
    body: resource.input,
    answers: { 200: answerOf(resource) },
    async handle({ params, body, request, reply, principal }) {
      const former = await findSetting(parts, resource, params.id);
      checkIfMatch(request, former.version);
      await refuse(resource, former, "change");
      const parsed = accept(await resource.parse(body, former, request));
      const change = { former, body: parsed };
      const setting = await replaceSetting(parts, resource, change, actorOf(principal));
      reply.header("etag", etagOf(setting.version));
      return viewOf(resource, setting);
    },
  });
  addRoute(app, {
    ...common,
    method: "DELETE",
    summary: `Delete: ${noun}`,
    answers: { 204: noContent },
    async handle({ params, request, reply, principal }) {
      const setting = await findSetting(parts, resource, params.id);
      checkIfMatch(request, setting.version);
      await deleteSetting(parts, resource, setting, actorOf(principal));
      reply.code(204);
    },
  });
}

async function refuse<K extends ResourceKind, I extends TSchema>(
  resource: Resource<K, I>,
  setting: AlertSettings[K],
  action: "change" | "delete",
): Promise<void> {
  const why = await resource.refusal?.(setting, action);
  if (why !== undefined) throw new AppError("conflict", why);
}

function throwGone(result: "missing" | "version_mismatch", noun: string): never {
  if (result === "missing") throw new AppError("not_found", `The ${noun} was deleted meanwhile`);
  throw new AppError("version_mismatch", `The ${noun} was changed meanwhile`);
}

async function viewOf<K extends ResourceKind, I extends TSchema>(
  resource: Resource<K, I>,
  setting: AlertSettings[K],
): Promise<object> {
  const [view] = await resource.views([setting]);
  if (view === undefined) throw new AppError("internal", "a setting was not shown");
  return view;
}

function answerOf({ noun, output }: { readonly noun: string; readonly output: TSchema }): Answer {
  return {
    description: `The ${noun}`,
    schema: output,
    headers: { etag: "The version, to be sent as If-Match" },
  };
}

function auditOf<K extends ResourceKind, I extends TSchema>(
  action: string,
  resource: Resource<K, I>,
  setting: AlertSettings[K],
  actor: string,
  at: number,
): AuditEntry {
  const { kind, detail } = resource;
  return { at, actor, action, resource: kind, resourceId: setting.id, detail: detail(setting) };
}

/** Guarantee: a body and what is kept beside it are together all there is of a setting. */
function withKept<K extends ResourceKind>(
  body: Body<K>,
  kept: {
    readonly id: string;
    readonly version: number;
    readonly createdAt: number;
    readonly updatedAt: number;
  },
): AlertSettings[K] {
  return { ...body, ...kept } as AlertSettings[K];
}
