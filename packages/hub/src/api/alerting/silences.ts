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
      const body = endedSilence(former, now);
      if (body === null) return silenceView(former, now);
      const ended = await replaceSetting(parts, resource, { former, body }, actorOf(principal));
      return silenceView(ended, now);
    },
  });
}

const silenceStates = ["pending", "active", "expired"] as const;

type SilenceResource = Resource<"silence", typeof SilenceInputSchema>;

/** What ends a silence at `now` (epoch ms); null: it is over already. */
export function endedSilence(former: Silence, now: number): Body<"silence"> | null {
  if (former.endsAt <= now) return null;
  const { id: _id, version: _version, createdAt: _at, updatedAt: _updated, ...rest } = former;
  return { ...rest, startsAt: Math.min(former.startsAt, now), endsAt: now };
}

/** Silences as a resource. */
export function silenceResource(parts: Pick<ApiParts, "clock">): SilenceResource {
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
    states: { all: silenceStates, of: (one) => silenceState(one, parts.clock.now()) },
    detail: ({ matchers, endsAt, comment }) => ({ matchers, ends_at: timeText(endsAt), comment }),
  };
}

/** Reads what was sent; `begin` (epoch ms) is when it begins where it does not say. */
export function parseSilence(
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
    state: silenceState(silence, now),
  };
}

/** How a silence stands at `now` (epoch ms). */
export function silenceState(
  { startsAt, endsAt }: Pick<Silence, "startsAt" | "endsAt">,
  now: number,
): (typeof silenceStates)[number] {
  if (endsAt <= now) return "expired";
  return startsAt > now ? "pending" : "active";
}
