/**
 * Alertmanager's API v2, for those who speak it (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml):
 * Prometheus and whoever sends alerts as it does, amtool, and Grafana. Alerts are answered once they are synced to disk.
 */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { bad, ok, type Parsed } from "@belfry/contract";
import type { ExternalAlert } from "../../model/external-alert.ts";
import { parseId } from "../../model/id.ts";
import { matches } from "../../model/matcher.ts";
import { timeText } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { PostableAlertSchema, readAlerts } from "./alert-input.ts";
import { alertmanagerErrors } from "./answers.ts";
import { refused } from "./error.ts";
import { filterQuery, parseFilters } from "./filter.ts";
import { GettableAlertSchema, listAlerts, receiver, type ListedAlert } from "./list.ts";
import { addAlertmanagerSilenceRoutes } from "./silences.ts";

/** Prometheus sends 64 alerts at once; others may send more. */
const largestBody = 8 * 1024 * 1024;
const mostAtOnce = 5_000;
/** What Belfry's own alerts to an Alertmanager are called, see the channel of that name. */
const ownAlertname = "BelfryIncident";

const flag = (description: string) => Type.Boolean({ default: true, description });
const alertQuery = Type.Object({
  ...filterQuery.properties,
  active: flag("Those that people are told of"),
  silenced: flag("Those that a silence is for"),
  inhibited: flag("Those that something else keeps from being told"),
  muted: flag("Taken for Alertmanager's sake"),
  unprocessed: flag("Those that alerting has not looked at yet"),
  receiver: Type.Optional(Type.String({ maxLength: 1000, description: "Matches `belfry` or not" })),
});

const common = {
  surface: "alertmanager",
  tag: "alertmanager",
  errorAnswers: alertmanagerErrors,
} as const;

/** Registers the routes. */
export function addAlertmanagerRoutes(app: FastifyInstance, parts: ApiParts): void {
  addTaking(app, parts);
  addListing(app, parts);
  addAlertmanagerSilenceRoutes(app, parts);
  addStatus(app, parts);
}

function addTaking(app: FastifyInstance, parts: ApiParts): void {
  const { clock, externalAlerts } = parts;
  addRoute(app, {
    ...common,
    method: "POST",
    path: "/api/v2/alerts",
    permission: "ingest",
    summary: "Take in alerts, as Alertmanager does",
    description:
      "An alert is over at its `endsAt`, or five minutes after it was sent last where it has none. What is wrong with one " +
      "of them is answered with 400 after the others were taken in.",
    // Each is read by itself later on.
    body: Type.Array(Type.Unsafe<unknown>(PostableAlertSchema), { maxItems: mostAtOnce }),
    parseBody: readList,
    bodyLimit: largestBody,
    answers: { 200: { description: "They are stored", schema: Type.Null() } },
    async handle({ body, reply }) {
      const { alerts, faults } = readAlerts(body, clock.now());
      const foreign: ExternalAlert[] = [];
      const own: string[] = [];
      for (const alert of alerts) {
        if (await isOwn(alert, parts)) own.push("this alert is an incident of this Belfry itself");
        else foreign.push(alert);
      }
      await externalAlerts.take(foreign);
      const [fault] = [...faults, ...own];
      if (fault !== undefined) throw refused([...faults, ...own].slice(0, 10).join("; "));
      return reply.code(200).send();
    },
  });
}

function readList(body: unknown): Parsed<unknown[]> {
  if (!Array.isArray(body)) return bad({ path: "", message: "expected a list of alerts" });
  if (body.length > mostAtOnce) {
    return bad({
      path: "",
      message: `expected at most ${mostAtOnce} alerts, found ${body.length}`,
    });
  }
  return ok(body);
}

/** A channel that leads back here would ring about itself for ever. */
async function isOwn(
  { labels }: ExternalAlert,
  { store }: Pick<ApiParts, "store">,
): Promise<boolean> {
  if (labels["alertname"] !== ownAlertname) return false;
  const id = parseId<"incident">(labels["incident"]);
  return id !== undefined && (await store.incident(id)) !== undefined;
}

function addListing(app: FastifyInstance, parts: ApiParts): void {
  const chosen = async (query: {
    readonly filter?: string | readonly string[];
    readonly active: boolean;
    readonly silenced: boolean;
    readonly inhibited: boolean;
    readonly unprocessed: boolean;
    readonly receiver?: string;
  }): Promise<readonly ListedAlert[]> => {
    const matchers = parseFilters(query.filter);
    const wanted = parseFilters(
      query.receiver === undefined ? [] : [`name=~${JSON.stringify(query.receiver)}`],
    );
    return matches(wanted, receiver) ? listAlerts(parts, { ...query, matchers }) : [];
  };
  addRoute(app, {
    ...common,
    method: "GET",
    path: "/api/v2/alerts",
    permission: "read",
    summary: "Alerts of other systems and Belfry's own troubles, as Alertmanager lists them",
    query: alertQuery,
    answers: { 200: { description: "Those that fire", schema: Type.Array(GettableAlertSchema) } },
    handle: async ({ query }) => (await chosen(query)).map(({ alert }) => alert),
  });
  addRoute(app, {
    ...common,
    method: "GET",
    path: "/api/v2/alerts/groups",
    permission: "read",
    summary: "The same, those of one incident together",
    query: alertQuery,
    answers: {
      200: {
        description: "A group for each incident, with its id as the label `incident`",
        schema: Type.Array(
          Type.Object({
            labels: Type.Record(Type.String(), Type.String()),
            receiver: Type.Object({ name: Type.String() }),
            alerts: Type.Array(GettableAlertSchema),
          }),
        ),
      },
    },
    async handle({ query }) {
      const groups = Map.groupBy(await chosen(query), ({ incident }) => incident?.id ?? "");
      return [...groups].map(([id, alerts]) => ({
        labels: id === "" ? {} : { incident: id },
        receiver,
        alerts: alerts.map(({ alert }) => alert),
      }));
    },
  });
}

function addStatus(app: FastifyInstance, { clock, version, ready }: ApiParts): void {
  const startedAt = clock.now();
  addRoute(app, {
    ...common,
    method: "GET",
    path: "/api/v2/status",
    permission: "read",
    summary: "What answers here, as Alertmanager says it",
    answers: {
      200: {
        description: "Its version and since when it runs",
        schema: Type.Object({
          cluster: Type.Object({ status: Type.String(), peers: Type.Array(Type.Object({})) }),
          config: Type.Object({ original: Type.String() }),
          uptime: Type.String({ format: "date-time" }),
          versionInfo: Type.Record(Type.String(), Type.String()),
        }),
      },
    },
    handle: () => ({
      cluster: { status: "disabled", peers: [] },
      config: { original: "# Belfry's routes and channels are in /api/v1\n" },
      uptime: timeText(startedAt),
      versionInfo: {
        version,
        revision: "",
        branch: "belfry",
        buildUser: "",
        buildDate: "",
        goVersion: "",
      },
    }),
  });
  addRoute(app, {
    ...common,
    method: "GET",
    path: "/api/v2/receivers",
    permission: "read",
    summary: "The one receiver there is",
    answers: {
      200: {
        description: "Belfry",
        schema: Type.Array(Type.Object({ name: Type.String() })),
      },
    },
    handle: () => [receiver],
  });
  const word = { description: "OK", schema: Type.String(), type: "text/plain" };
  addRoute(app, {
    ...common,
    method: "GET",
    path: "/-/healthy",
    permission: "open",
    rateLimit: false,
    summary: "The process answers, as Alertmanager and Prometheus say it",
    answers: { 200: word },
    handle: ({ reply }) => reply.type("text/plain; charset=utf-8").send("OK"),
  });
  addRoute(app, {
    ...common,
    method: "GET",
    path: "/-/ready",
    permission: "open",
    rateLimit: false,
    summary: "Every part can serve, as Alertmanager and Prometheus say it",
    answers: { 200: word, 503: { ...word, description: "Some cannot" } },
    async handle({ reply }) {
      const states = await ready().catch(() => ({ hub: "failed to answer" }));
      const isReady = Object.values(states).every((state) => state === "ok");
      if (!isReady) reply.code(503);
      return reply.type("text/plain; charset=utf-8").send(isReady ? "OK" : "Not ready");
    },
  });
}
