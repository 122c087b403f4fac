/** `/api/v1/silences`: nobody is told of what matches, for a while. */
import {
  SilenceInputSchema,
  SilenceSchema,
  bad,
  ok,
  type Parsed,
  type Problem,
  type SilenceInput,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import type { Silence } from "../../model/alert-policy.ts";
import { matcherProblems } from "../../model/matcher.ts";
import { actorOf } from "../access/permission.ts";
import { idParams } from "../monitors/monitors.ts";
import { timeText } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { addResource, findSetting, replaceSetting, type Body, type Resource } from "./resource.ts";

/** Registers the routes. */
export function addSilenceRoutes(app: FastifyInstance, parts: ApiParts): void {
  const resource = silenceResource(parts);
  addResource(app, parts, resource);
  addRoute(app, {
    method: "POST",
    path: "/api/v1/silences/:id/expire",
    permission: "write",
    tag: "alerting",
    summary: "End a silence now",
    description: "It stays in the list. One that is over already stays as it is.",
    params: idParams,
    answers: { 200: { description: "The silence", schema: SilenceSchema } },
    errors: ["not_found", "version_mismatch"],
    async handle({ params, principal }) {
      const former = await findSetting(parts, resource, params.id);
      const now = parts.clock.now();
      if (former.endsAt <= now) return silenceView(former, now);
      const { id: _id, version: _version, createdAt: _at, updatedAt: _updated, ...rest } = former;
      const body = { ...rest, startsAt: Math.min(former.startsAt, now), endsAt: now };
      const ended = await replaceSetting(parts, resource, { former, body }, actorOf(principal));
      return silenceView(ended, now);
    },
  });
}

type SilenceResource = Resource<"silence", typeof SilenceInputSchema>;

function silenceResource(parts: ApiParts): SilenceResource {
  return {
    kind: "silence",
    path: "/api/v1/silences",
    tag: "alerting",
    noun: "silence",
    writes: "write",
    input: SilenceInputSchema,
    output: SilenceSchema,
    description: "Begins now where `starts_at` is left out.",
    parse: (input, former, { principal }) => {
      const createdBy = former?.createdBy ?? actorOf(principal);
      const begin = former?.startsAt ?? parts.clock.now();
      return Promise.resolve(parseSilence(input, { createdBy, begin }));
    },
    views: (all) => Promise.resolve(all.map((one) => silenceView(one, parts.clock.now()))),
    detail: ({ matchers, endsAt, comment }) => ({ matchers, ends_at: timeText(endsAt), comment }),
  };
}

function parseSilence(
  { matchers, starts_at: starts, ends_at: ends, comment }: SilenceInput,
  { createdBy, begin }: { readonly createdBy: string; readonly begin: number },
): Parsed<Body<"silence">> {
  const problems: Problem[] = [...matcherProblems(matchers)];
  const startsAt = starts === undefined ? begin : Date.parse(starts);
  const endsAt = Date.parse(ends);
  if (endsAt <= startsAt) {
    problems.push({ path: "ends_at", message: "expected a time after the beginning" });
  }
  if (problems.length > 0) return bad(...problems);
  return ok({ matchers, startsAt, endsAt, comment, createdBy });
}

function silenceView(silence: Silence, now: number): object {
  const { id, version, createdAt, updatedAt, startsAt, endsAt, createdBy, ...rest } = silence;
  return {
    id,
    ...rest,
    version,
    created_at: timeText(createdAt),
    updated_at: timeText(updatedAt),
    starts_at: timeText(startsAt),
    ends_at: timeText(endsAt),
    created_by: createdBy,
    state: endsAt <= now ? "expired" : startsAt > now ? "pending" : "active",
  };
}
