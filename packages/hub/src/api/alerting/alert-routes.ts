/** `/api/v1/alert-routes`: who is told of what. */
import {
  AlertRouteInputSchema,
  AlertRouteSchema,
  bad,
  ok,
  type AlertRouteInput,
  type Parsed,
  type Problem,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { managedRefusal, type AlertRoute } from "../../model/alert-policy.ts";
import { parseId } from "../../model/id.ts";
import { matcherProblems } from "../../model/matcher.ts";
import type { ChannelId } from "../../model/notice.ts";
import { timeText } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import { addResource, type Body } from "./resource.ts";
import { timezoneProblems } from "./timezone.ts";

/** Registers the routes. */
export function addAlertRouteRoutes(app: FastifyInstance, parts: ApiParts): void {
  addResource(app, parts, {
    kind: "alert_route",
    path: "/api/v1/alert-routes",
    tag: "alerting",
    noun: "route",
    writes: "admin",
    input: AlertRouteInputSchema,
    output: AlertRouteSchema,
    parse: async (input) => parseRoute(input, await knownChannels(parts)),
    views: (routes) => Promise.resolve(routes.map(routeView)),
    detail: ({ route }) => ({ name: route.name, channels: route.channels }),
    refusal: (route) => Promise.resolve(managedRefusal("route", route)),
  });
}

async function knownChannels(parts: Pick<ApiParts, "store">): Promise<ReadonlySet<string>> {
  return new Set((await parts.store.alertSettings("channel")).map(({ id }) => id));
}

function parseRoute(
  input: AlertRouteInput,
  known: ReadonlySet<string>,
): Parsed<Body<"alert_route">> {
  const problems: Problem[] = [...matcherProblems(input.matchers)];
  const channels = channelIds(input.channels, known, "channels", problems);
  input.escalation.forEach((step, i) => {
    channelIds(step.channels, known, `escalation[${i}].channels`, problems);
  });
  if (input.active !== null) problems.push(...timezoneProblems(input.active.timezone, "active."));
  if (problems.length > 0) return bad(...problems);
  return ok({ route: { ...input, channels } });
}

function channelIds(
  ids: readonly string[],
  known: ReadonlySet<string>,
  path: string,
  problems: Problem[],
): readonly ChannelId[] {
  return ids.flatMap((text, i) => {
    const id = parseId<"channel">(text);
    if (id !== undefined && known.has(id)) return [id];
    problems.push({ path: `${path}[${i}]`, message: "there is no channel with this id" });
    return [];
  });
}

function routeView({ id, version, createdAt, updatedAt, route, managedBy }: AlertRoute): object {
  return {
    id,
    ...route,
    managed_by: managedBy ?? null,
    version,
    created_at: timeText(createdAt),
    updated_at: timeText(updatedAt),
  };
}
