/** `/api/v2/silences`: Belfry's silences, as amtool and Grafana read and make them. */
import {
  SilenceInputSchema,
  createParser,
  type Matcher,
  type SilenceInput,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import type { Silence } from "../../model/alert-policy.ts";
import { AppError } from "../../model/error.ts";
import { parseId } from "../../model/id.ts";
import { matches } from "../../model/matcher.ts";
import { actorOf } from "../access/permission.ts";
import { createSetting, replaceSetting } from "../alerting/resource.ts";
import { endedSilence, parseSilence, silenceResource, silenceState } from "../alerting/silences.ts";
import { timeText } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute, type Answer } from "../route.ts";
import { alertmanagerErrors } from "./answers.ts";
import { refused } from "./error.ts";
import { filterQuery, parseFilters } from "./filter.ts";

const matcherSchema = Type.Object({
  name: Type.String(),
  value: Type.String(),
  isRegex: Type.Boolean(),
  isEqual: Type.Optional(Type.Boolean()),
});

const kept = {
  matchers: Type.Array(matcherSchema, { minItems: 1, maxItems: 32 }),
  startsAt: Type.String({ format: "date-time" }),
  endsAt: Type.String({ format: "date-time" }),
  createdBy: Type.String(),
  comment: Type.String(),
};

const PostableSilenceSchema = Type.Object({
  ...kept,
  id: Type.Optional(Type.String({ description: "Of the silence it replaces" })),
});
type PostableSilence = Static<typeof PostableSilenceSchema>;

const GettableSilenceSchema = Type.Object({
  ...kept,
  id: Type.String(),
  updatedAt: Type.String({ format: "date-time" }),
  status: Type.Object({ state: Type.Enum(["pending", "active", "expired"]) }),
});

const idParams = Type.Object({ id: Type.String() });
const empty: Answer = { description: "It is over", schema: Type.Null() };
const longestAuthor = 200;
const parseInput = createParser(SilenceInputSchema);

/** Registers the routes. */
export function addAlertmanagerSilenceRoutes(app: FastifyInstance, parts: ApiParts): void {
  const { store, clock } = parts;
  const common = {
    surface: "alertmanager",
    tag: "alertmanager",
    errorAnswers: alertmanagerErrors,
  } as const;
  addRoute(app, {
    ...common,
    method: "GET",
    path: "/api/v2/silences",
    permission: "read",
    summary: "Silences, those that end last first",
    query: filterQuery,
    answers: {
      200: { description: "All of them", schema: Type.Array(GettableSilenceSchema) },
    },
    async handle({ query }) {
      const matchers = parseFilters(query.filter);
      const all = await store.alertSettings("silence");
      return all
        .filter((one) => matches(matchers, labelsOf(one)))
        .toSorted((a, b) => b.endsAt - a.endsAt)
        .map((one) => gettable(one, clock.now()));
    },
  });
  addRoute(app, {
    ...common,
    method: "POST",
    path: "/api/v2/silences",
    permission: "write",
    summary: "Make a silence, or change one",
    description: "With the `id` of one that is over, another one is made.",
    body: PostableSilenceSchema,
    answers: {
      200: { description: "Its id", schema: Type.Object({ silenceID: Type.String() }) },
    },
    handle: async ({ body, principal }) => ({
      silenceID: await saveSilence(body, parts, actorOf(principal)),
    }),
  });
  addRoute(app, {
    ...common,
    method: "GET",
    path: "/api/v2/silence/:id",
    permission: "read",
    summary: "A silence",
    params: idParams,
    answers: { 200: { description: "The silence", schema: GettableSilenceSchema } },
    handle: async ({ params }) => gettable(await findSilence(params.id, parts), clock.now()),
  });
  addRoute(app, {
    ...common,
    method: "DELETE",
    path: "/api/v2/silence/:id",
    permission: "write",
    summary: "End a silence now",
    description: "It stays in the list.",
    params: idParams,
    answers: { 200: empty },
    async handle({ params, principal, reply }) {
      const former = await findSilence(params.id, parts);
      const body = endedSilence(former, clock.now());
      if (body !== null) {
        const resource = silenceResource(parts);
        await replaceSetting(parts, resource, { former, body }, actorOf(principal));
      }
      return reply.code(200).send();
    },
  });
}

async function findSilence(id: string, { store }: Pick<ApiParts, "store">): Promise<Silence> {
  const parsed = parseId<"silence">(id);
  const found = parsed === undefined ? undefined : await store.alertSetting("silence", parsed);
  if (found === undefined) throw new AppError("not_found", "silence not found");
  return found;
}

/** Answers its id. */
async function saveSilence(
  { id = "", ...posted }: PostableSilence,
  parts: ApiParts,
  actor: string,
): Promise<string> {
  const input = parseInput(inputOf(posted));
  if (input.kind === "bad") throw new AppError("malformed", "", { problems: input.problems });
  const createdBy = posted.createdBy.slice(0, longestAuthor) || actor;
  const now = parts.clock.now();
  const parsed = parseSilence(input.value, { createdBy, begin: now });
  if (parsed.kind === "bad") throw new AppError("malformed", "", { problems: parsed.problems });
  if (parsed.value.endsAt <= now) throw refused("end time can't be in the past");
  const resource = silenceResource(parts);
  const former = id === "" ? undefined : await findSilence(id, parts);
  if (former === undefined || former.endsAt <= now) {
    return (await createSetting(parts, resource, parsed.value, actor)).id;
  }
  return (await replaceSetting(parts, resource, { former, body: parsed.value }, actor)).id;
}

function inputOf({
  matchers,
  startsAt,
  endsAt,
  comment,
}: Omit<PostableSilence, "id">): SilenceInput {
  return {
    matchers: matchers.map(({ name, value, isRegex, isEqual = true }) => ({
      name,
      value,
      is_regex: isRegex,
      is_equal: isEqual,
    })),
    starts_at: startsAt,
    ends_at: endsAt,
    comment,
  };
}

/** A filter looks at the values of equal names; as Alertmanager's does, it leaves patterns aside. */
function labelsOf({ matchers }: Silence): Readonly<Record<string, string>> {
  return Object.fromEntries(matchers.map(({ name, value }): [string, string] => [name, value]));
}

function gettable(silence: Silence, now: number): object {
  const { id, matchers, startsAt, endsAt, updatedAt, createdBy, comment } = silence;
  return {
    id,
    matchers: matchers.map(wireMatcher),
    startsAt: timeText(startsAt),
    endsAt: timeText(endsAt),
    updatedAt: timeText(updatedAt),
    createdBy,
    comment,
    status: { state: silenceState(silence, now) },
  };
}

function wireMatcher({ name, value, is_regex, is_equal }: Matcher): object {
  return { name, value, isRegex: is_regex, isEqual: is_equal };
}
