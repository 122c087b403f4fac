/** `/api/v1/channels`: where notices go, with a way to try it; `/api/v1/channel-kinds`: where they can go. */
import {
  ChannelInputSchema,
  ChannelKindSchema,
  ChannelSchema,
  ChannelTestSchema,
  bad,
  ok,
  type ChannelInput,
  type ChannelKindView,
  type ChannelTestView,
  type ChannelView,
  type Json,
  type JsonObject,
  type Parsed,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { managedRefusal, type ChannelSettings } from "../../model/alert-policy.ts";
import type { ChannelKind, Sent } from "../../model/channel-kind.ts";
import type { ChannelId, Notice } from "../../model/notice.ts";
import { maskSecrets, restoreSecrets } from "../../model/secret-settings.ts";
import { actorOf } from "../access/permission.ts";
import { idParams } from "../monitors/monitors.ts";
import { timeText } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { addResource, findSetting, type Body, type Resource } from "./resource.ts";

/** What became of the notices of channels. */
export interface ChannelReads {
  /** Of each channel that was ever told: what waits, and when it took something last (epoch ms). */
  channelTotals(): Promise<
    readonly {
      readonly channelId: ChannelId;
      readonly waiting: number;
      readonly lastSentAt: number | null;
    }[]
  >;
}

/** How channels are doing, and a way to try them. */
export interface Channels {
  /** What is wrong with a channel, since when (epoch ms); null while it takes what it is given. */
  trouble(id: ChannelId): {
    readonly failure: "outage" | "throttled" | "misconfigured" | "refused" | "defect";
    readonly why: string;
    readonly since: number;
  } | null;
  /** Sends one notice past everything that waits, within half a minute. */
  test(settings: ChannelSettings, notice: Notice): Promise<Sent>;
  /** Channels were made, changed or deleted: what waits for them is looked at anew. Returns at once. */
  wake(): void;
}

/** Registers the routes. */
export function addChannelRoutes(app: FastifyInstance, parts: ApiParts): void {
  const resource = channelResource(parts);
  addResource(app, parts, resource);
  addTesting(app, parts, resource);
  addRoute(app, {
    method: "GET",
    path: "/api/v1/channel-kinds",
    permission: "read",
    tag: "alerting",
    summary: "The kinds of channels, with the schemas of their settings",
    answers: {
      200: {
        description: "Every kind",
        schema: Type.Object({ items: Type.Array(ChannelKindSchema) }),
      },
    },
    handle: () => ({ items: [...parts.channelKinds.values()].map(kindView) }),
  });
}

type ChannelResource = Resource<"channel", typeof ChannelInputSchema>;

function channelResource(parts: ApiParts): ChannelResource {
  const { channelKinds } = parts;
  return {
    kind: "channel",
    path: "/api/v1/channels",
    tag: "alerting",
    noun: "channel",
    writes: "admin",
    input: ChannelInputSchema,
    output: ChannelSchema,
    description:
      'Secrets are shown as the mask `{"set": true}`; those that are left out or sent back as their mask stay, `null` ' +
      "removes them.",
    parse: (input, former) => Promise.resolve(parseChannel(input, former, channelKinds)),
    views: (channels) => channelViews(channels, parts),
    detail: ({ name, kind, enabled }) => ({ name, kind, enabled }),
    changed: () => parts.channels.wake(),
    refusal: async (channel, action) =>
      managedRefusal("channel", channel) ??
      (action === "delete" ? await usedRefusal(channel, parts) : undefined),
  };
}

/** The route that sends a test notice. */
function addTesting(app: FastifyInstance, parts: ApiParts, resource: ChannelResource): void {
  addRoute(app, {
    method: "POST",
    path: "/api/v1/channels/:id/test",
    permission: "admin",
    tag: "alerting",
    summary: "Send a test notice",
    description:
      "It is sent at once, past all notices that wait, also where the channel is switched off, and is not tried again. " +
      "Answers when the provider has answered, at the latest after half a minute.",
    params: idParams,
    answers: { 200: { description: "What came of it", schema: ChannelTestSchema } },
    errors: ["not_found"],
    async handle({ params, principal }) {
      const channel = await findSetting(parts, resource, params.id);
      const { id, name, kind } = channel;
      // Before it is sent: nobody is told without a trace of who asked for it.
      await parts.store.addAuditEntry({
        at: parts.clock.now(),
        actor: actorOf(principal),
        action: "test",
        resource: "channel",
        resourceId: id,
        detail: { name, kind },
      });
      return await sendTest(channel, parts);
    },
  });
}

async function sendTest(
  channel: ChannelSettings,
  { channels, channelKinds, clock, newId }: ApiParts,
): Promise<ChannelTestView> {
  const why = whyUnusable(channel, channelKinds);
  if (why !== undefined) return { result: "misconfigured", why, request: null, answer: null };
  const now = clock.now();
  const notice: Notice = {
    id: newId<"notice">(now),
    kind: "test",
    at: now,
    title: "Test notice",
    text: `Notices of Belfry arrive here, by its channel ${channel.name}.`,
    incidents: [],
    more: 0,
  };
  const { result, exchange } = await channels.test(channel, notice);
  return { result: result.kind, why: result.kind === "sent" ? null : result.why, ...exchange };
}

/** Settings that were right when they were kept need not be so in a later release. */
function whyUnusable(
  { kind: name, settings }: ChannelSettings,
  kinds: ReadonlyMap<string, ChannelKind>,
): string | undefined {
  const kind = kinds.get(name);
  if (kind === undefined) return `There is no kind ${JSON.stringify(name)}`;
  const parsed = kind.parseSettings(settings, "settings");
  if (parsed.kind === "ok") return undefined;
  return parsed.problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
}

async function usedRefusal(
  { id }: ChannelSettings,
  { store }: Pick<ApiParts, "store">,
): Promise<string | undefined> {
  const routes = await store.alertSettings("alert_route");
  const users = routes.filter(
    ({ route }) =>
      route.channels.includes(id) || route.escalation.some((step) => step.channels.includes(id)),
  );
  if (users.length === 0) return undefined;
  const names = users.slice(0, 3).map(({ route }) => JSON.stringify(route.name));
  return `Routes use this channel: ${names.join(", ")}${users.length > 3 ? ", …" : ""}`;
}

function parseChannel(
  input: ChannelInput,
  former: ChannelSettings | undefined,
  kinds: ReadonlyMap<string, ChannelKind>,
): Parsed<Body<"channel">> {
  const kind = kinds.get(input.kind);
  if (kind === undefined) {
    const found = JSON.stringify(input.kind);
    const message = `expected one of ${[...kinds.keys()].join(", ")}, found ${found}`;
    return bad({ path: "kind", message });
  }
  const stored = former?.kind === input.kind ? asJson(former.settings) : {};
  const settings = restoreSecrets(input.settings, stored, kind.secrets, true);
  const parsed = kind.parseSettings(settings, "settings");
  if (parsed.kind === "bad") return parsed;
  const { name, enabled } = input;
  const flags = { isDefault: input.is_default, isFallback: input.is_fallback };
  // As they were written: what a kind makes of them (compiled templates, keys) is no JSON.
  return ok({ name, kind: kind.kind, enabled, ...flags, settings });
}

async function channelViews(
  channels: readonly ChannelSettings[],
  { store, channelKinds, channels: states }: ApiParts,
): Promise<readonly ChannelView[]> {
  const totals = new Map((await store.channelTotals()).map((one) => [one.channelId, one]));
  return channels.map((channel) => {
    const { id, name, kind, enabled, version, createdAt, updatedAt } = channel;
    const secrets = channelKinds.get(kind)?.secrets;
    const trouble = states.trouble(id);
    const lastSentAt = totals.get(id)?.lastSentAt ?? null;
    return {
      id,
      name,
      kind,
      enabled,
      is_default: channel.isDefault,
      is_fallback: channel.isFallback,
      // Of a kind that this release does not know, nobody can tell what is secret.
      settings: secrets === undefined ? {} : maskSecrets(asJson(channel.settings), secrets),
      trouble: trouble === null ? null : { ...trouble, since: timeText(trouble.since) },
      waiting: totals.get(id)?.waiting ?? 0,
      managed_by: channel.managedBy ?? null,
      last_sent_at: lastSentAt === null ? null : timeText(lastSentAt),
      version,
      created_at: timeText(createdAt),
      updated_at: timeText(updatedAt),
    };
  });
}

function kindView({ kind, title, schema, secrets, limit }: ChannelKind): ChannelKindView {
  return {
    kind,
    title,
    schema: { ...schema },
    secrets: [...secrets],
    limit: { notices: limit.notices, per_ms: limit.perMs },
  };
}

/** Guarantee: settings came as JSON, and are kept as they came. */
function asJson(settings: Readonly<Record<string, unknown>>): JsonObject {
  return settings as Readonly<Record<string, Json>>;
}
