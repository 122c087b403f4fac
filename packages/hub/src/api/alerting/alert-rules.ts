/**
 * `/api/v1/alert-rules`: built-in rules and own ones. What is changed of a built-in rule is kept beside it; deleting it
 * brings the rule back as it comes.
 */
import {
  AlertRuleInputSchema,
  AlertRuleSchema,
  ok,
  RulePreviewSchema,
  RuleReplaySchema,
  type AlertRuleInput,
  type AlertRuleView,
  type Parsed,
  type RulePreviewView,
  type RuleReplayView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import type { AuditEntry } from "../../model/access.ts";
import { managedRefusal, type AlertRuleSettings } from "../../model/alert-policy.ts";
import type { Clock } from "../../model/clock.ts";
import { AppError } from "../../model/error.ts";
import type { IdMaker } from "../../model/id.ts";
import type { TimeRange } from "../../model/series.ts";
import { actorOf } from "../access/permission.ts";
import { jsonTypes } from "../body.ts";
import { checkIfMatch, etagOf } from "../monitors/conditions.ts";
import { accept } from "../monitors/monitors.ts";
import { timeText } from "../monitors/view.ts";
import { addRoute, noContent, type Answer, type Call } from "../route.ts";
import { readRange } from "../times.ts";
import { parseRule, parseRulePatch } from "./alert-rule-input.ts";

/** A rule as it holds; `kept` is what was written of it, null of a built-in one as it comes. */
export interface HeldRule {
  readonly id: string;
  readonly rule: AlertRuleInput;
  readonly kept: AlertRuleSettings | null;
  readonly isBuiltIn: boolean;
}

/** The rules that hold, and what they would do. */
export interface AlertRules {
  list(): readonly HeldRule[];
  /** Subjects a rule holds of, and of which it cannot be told, by its id. */
  counts(): ReadonlyMap<string, { readonly firing: number; readonly cannotTell: number }>;
  /** Reads the rules anew: some were changed. */
  reload(): Promise<void>;
  replay(rule: AlertRuleInput, range: TimeRange): Promise<RuleReplayView>;
  preview(rule: AlertRuleInput): Promise<RulePreviewView>;
}

/** What the routes need. */
export interface AlertRuleParts {
  readonly clock: Clock;
  readonly newId: IdMaker;
  readonly alertRules: AlertRules;
  readonly store: {
    createAlertSetting(
      kind: "alert_rule",
      setting: AlertRuleSettings,
      audit: AuditEntry,
    ): Promise<void>;
    updateAlertSetting(
      kind: "alert_rule",
      setting: AlertRuleSettings,
      audit: AuditEntry,
    ): Promise<"updated" | "version_mismatch" | "missing">;
    deleteAlertSetting(
      kind: "alert_rule",
      id: string,
      version: number,
      audit: AuditEntry,
    ): Promise<"deleted" | "version_mismatch" | "missing">;
  };
}

const path = "/api/v1/alert-rules";
const tag = "alerting";
const params = Type.Object({ id: Type.String({ maxLength: 100 }) });
const etag = { etag: "The version, to be sent as If-Match" };
const one: Answer = { description: "The rule", schema: AlertRuleSchema, headers: etag };
const errors = ["not_found", "conflict", "version_mismatch"] as const;
const mostRules = 1_000;
const dayMs = 86_400_000;
const longestReplayMs = 366 * dayMs;

/** Registers the routes. */
export function addAlertRuleRoutes(app: FastifyInstance, parts: AlertRuleParts): void {
  addRoute(app, {
    method: "GET",
    path,
    permission: "read",
    tag,
    summary: "Rules over series: built-in ones as they hold, and own ones",
    answers: {
      200: {
        description: "All of them, built-in ones first",
        schema: Type.Object({ items: Type.Array(AlertRuleSchema), next_cursor: Type.Null() }),
      },
    },
    handle: () => ({
      items: parts.alertRules.list().map((held) => viewOf(held, parts)),
      next_cursor: null,
    }),
  });
  addRoute(app, {
    method: "POST",
    path,
    permission: "write",
    tag,
    summary: "Make a rule",
    body: AlertRuleInputSchema,
    parseBody: asSent,
    answers: { 201: one },
    errors: ["conflict"],
    handle: (call) => createRule(parts, call),
  });
  addRoute(app, {
    method: "GET",
    path: `${path}/:id`,
    permission: "read",
    tag,
    summary: "A rule, by its id or the name of a built-in one",
    params,
    answers: { 200: one },
    errors: ["not_found"],
    handle({ params: { id }, reply }) {
      const held = findRule(parts, id);
      reply.header("etag", etagOf(held.kept?.version ?? 0));
      return viewOf(held, parts);
    },
  });
  addChanges(app, parts);
  addTrials(app, parts);
}

function addChanges(app: FastifyInstance, parts: AlertRuleParts): void {
  const common = { path: `${path}/:id`, permission: "write", tag, params, errors } as const;
  addRoute(app, {
    ...common,
    method: "PATCH",
    summary: "Change a rule: a merge patch",
    description:
      "A condition of another kind replaces the present one, lists are replaced as a whole, null brings a default back. Send the version in `If-Match` to change only what you have seen.",
    body: Type.Partial(AlertRuleInputSchema),
    parseBody: asSent,
    consumes: jsonTypes,
    answers: { 200: one },
    handle: (call) =>
      changeRule(parts, call, (present) => accept(parseRulePatch(call.body, present))),
  });
  addRoute(app, {
    ...common,
    method: "PUT",
    summary: "Replace a rule",
    body: AlertRuleInputSchema,
    parseBody: asSent,
    answers: { 200: one },
    handle: (call) => changeRule(parts, call, () => accept(parseRule(call.body))),
  });
  addRoute(app, {
    ...common,
    method: "DELETE",
    summary: "Delete an own rule, or bring a built-in one back as it comes",
    answers: { 204: noContent },
    async handle({ params: { id }, request, reply, principal }) {
      const { kept, isBuiltIn } = findRule(parts, id);
      checkIfMatch(request, kept?.version ?? 0);
      if (kept !== null) {
        refuseManaged(kept);
        const action = isBuiltIn ? "alert_rule.reset" : "alert_rule.delete";
        const audit = auditOf(parts, actorOf(principal), action, kept);
        const { version } = kept;
        done(await parts.store.deleteAlertSetting("alert_rule", id, version, audit));
        await parts.alertRules.reload();
      }
      reply.code(204);
    },
  });
}

function addTrials(app: FastifyInstance, parts: AlertRuleParts): void {
  const replayBody = Type.Object(
    {
      rule: AlertRuleInputSchema,
      from: Type.Optional(Type.String({ description: "RFC 3339; a week before `to`" })),
      to: Type.Optional(Type.String({ description: "RFC 3339; now" })),
    },
    { additionalProperties: false },
  );
  const previewBody = Type.Object({ rule: AlertRuleInputSchema }, { additionalProperties: false });
  addRoute(app, {
    method: "POST",
    path: `${path}/replay`,
    permission: "read",
    tag,
    summary: "What a rule would have done over recorded history",
    description:
      "The rule need not exist, and nothing is kept. Six hours and less are replayed as they were sampled, a month and less at five minutes, more at an hour. At most 1,000 subjects and 500 rings.",
    body: replayBody,
    parseBody: (body) => within<Static<typeof replayBody>>(body),
    answers: { 200: { description: "When it would have rung", schema: RuleReplaySchema } },
    handle({ body }) {
      const range = readRange(body, parts.clock.now(), 7 * dayMs);
      if (range.to - range.from > longestReplayMs) {
        const problems = [{ path: "from", message: "expected at most 366 days before `to`" }];
        throw new AppError("invalid", "The range is too long", { problems });
      }
      return parts.alertRules.replay(body.rule, range);
    },
  });
  addRoute(app, {
    method: "POST",
    path: `${path}/preview`,
    permission: "read",
    tag,
    summary: "What a rule finds now, of each subject and series",
    body: previewBody,
    parseBody: (body) => within<Static<typeof previewBody>>(body),
    answers: { 200: { description: "The present", schema: RulePreviewSchema } },
    handle: ({ body }) => parts.alertRules.preview(body.rule),
  });
}

type ChangeCall = Pick<
  Call<{ id: string }, object, unknown>,
  "params" | "request" | "reply" | "principal"
>;

async function createRule(
  parts: AlertRuleParts,
  { body, reply, principal }: Pick<Call<object, object, unknown>, "body" | "reply" | "principal">,
): Promise<AlertRuleView> {
  const rule = accept(parseRule(body));
  const own = parts.alertRules.list().filter(({ isBuiltIn }) => !isBuiltIn);
  if (own.length >= mostRules)
    throw new AppError("conflict", `There are ${mostRules} rules already`);
  const now = parts.clock.now();
  const id = parts.newId<"alert_rule">(now);
  const kept = { id, rule, version: 1, createdAt: now, updatedAt: now };
  const audit = auditOf(parts, actorOf(principal), "alert_rule.create", kept);
  await parts.store.createAlertSetting("alert_rule", kept, audit);
  await parts.alertRules.reload();
  reply.code(201).header("location", `${path}/${id}`).header("etag", etagOf(1));
  return viewOf({ id, rule, kept, isBuiltIn: false }, parts);
}

async function changeRule(
  parts: AlertRuleParts,
  { params: { id }, request, reply, principal }: ChangeCall,
  change: (present: AlertRuleInput) => AlertRuleInput,
): Promise<AlertRuleView> {
  const held = findRule(parts, id);
  checkIfMatch(request, held.kept?.version ?? 0);
  if (held.kept !== null) refuseManaged(held.kept);
  const now = parts.clock.now();
  const kept: AlertRuleSettings = {
    id,
    rule: change(held.rule),
    version: (held.kept?.version ?? 0) + 1,
    createdAt: held.kept?.createdAt ?? now,
    updatedAt: now,
  };
  const audit = auditOf(parts, actorOf(principal), "alert_rule.update", kept);
  if (held.kept === null) await parts.store.createAlertSetting("alert_rule", kept, audit);
  else done(await parts.store.updateAlertSetting("alert_rule", kept, audit));
  await parts.alertRules.reload();
  reply.header("etag", etagOf(kept.version));
  return viewOf({ ...held, rule: kept.rule, kept }, parts);
}

function findRule({ alertRules }: AlertRuleParts, id: string): HeldRule {
  const found = alertRules.list().find((one) => one.id === id);
  if (found === undefined) throw new AppError("not_found", "There is no rule with this id");
  return found;
}

function refuseManaged(kept: AlertRuleSettings): void {
  const why = managedRefusal("rule", kept);
  if (why !== undefined) throw new AppError("conflict", why);
}

function done(result: "updated" | "deleted" | "version_mismatch" | "missing"): void {
  if (result === "missing") throw new AppError("not_found", "The rule was deleted meanwhile");
  if (result === "version_mismatch") {
    throw new AppError("version_mismatch", "The rule was changed meanwhile");
  }
}

function auditOf(
  { clock }: AlertRuleParts,
  actor: string,
  action: string,
  { id, rule }: AlertRuleSettings,
): AuditEntry {
  const detail = { name: rule.name, enabled: rule.enabled, severity: rule.severity };
  return { at: clock.now(), actor, action, resource: "alert_rule", resourceId: id, detail };
}

function viewOf(
  { id, rule, kept, isBuiltIn }: HeldRule,
  { alertRules }: AlertRuleParts,
): AlertRuleView {
  const { firing, cannotTell } = alertRules.counts().get(id) ?? { firing: 0, cannotTell: 0 };
  return {
    id,
    ...rule,
    built_in: isBuiltIn,
    is_changed: isBuiltIn && kept !== null,
    firing,
    cannot_tell: cannotTell,
    managed_by: kept?.managedBy ?? null,
    version: kept?.version ?? 0,
    created_at: kept === null ? null : timeText(kept.createdAt),
    updated_at: kept === null ? null : timeText(kept.updatedAt),
  };
}

/** Hands on what was sent; `accept` reads it. Guarantee: nothing looks at it before it was read. */
function asSent<T>(body: unknown): Parsed<T> {
  return ok(body as T);
}

/** Reads the rule within a body. Guarantee: the other fields are optional texts, which are looked at here. */
function within<T>(body: unknown): Parsed<T> {
  const { rule, ...rest } =
    typeof body === "object" && body !== null ? { rule: undefined, ...body } : {};
  const wrong = Object.entries(rest).find(
    ([name, value]) => !["from", "to"].includes(name) || typeof value !== "string",
  );
  if (wrong !== undefined) {
    return {
      kind: "bad",
      problems: [{ path: wrong[0], message: "expected only rule, from and to, as text" }],
    };
  }
  const parsed = parseRule(rule);
  if (parsed.kind === "ok") return ok({ rule: parsed.value, ...rest } as T);
  const problems = parsed.problems.map(({ path: at, message }) => ({
    path: at === "" ? "rule" : `rule.${at}`,
    message,
  }));
  return { kind: "bad", problems };
}
