/**
 * Links of notices: `/incident-links/{id}/{action}`. To look at one changes nothing, because mail scanners and previews of
 * chats look at every link; the button on its page does what the link says. A link stands for nobody: what is done is
 * written down as done by `link`. What it can do is signed into it, one action on one incident for a week.
 */
import type { FastifyInstance, FastifyReply } from "fastify";
import { Type } from "typebox";
import { parseId, type IncidentId } from "../../model/id.ts";
import type { Incident } from "../../model/incident.ts";
import { linkActions, linkPath, type LinkAction } from "../../model/signed-links.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute, type Answer } from "../route.ts";
import { linkPageHeaders, linkPageHtml, type LinkPage } from "./page.ts";

/** How long a link snoozes, ms. */
const snoozeMs = 3_600_000;
/** Who did it, as the incident and the audit say. */
const actor = "link";

const params = Type.Object({ incident: Type.String(), action: Type.String() });
/** Clients add names of their own to addresses. */
const query = Type.Object(
  {
    until: Type.Optional(Type.String({ description: "Unix seconds until which the link holds" })),
    key: Type.Optional(Type.String({ description: "The key it was signed with" })),
    sig: Type.Optional(Type.String({ description: "HMAC-SHA-256, base64url" })),
  },
  { additionalProperties: true },
);

const pageOf = (description: string): Answer => ({
  description,
  schema: Type.String(),
  type: "text/html",
});
const refusals = {
  404: pageOf("Belfry did not make this link, or the incident is not known any more"),
  410: pageOf("The link expired"),
} as const;

type LinkParts = Pick<
  ApiParts,
  "clock" | "store" | "incidentLinks" | "incidentDesk" | "acknowledge"
>;

/** Registers the routes, in a scope of their own: the form of the page sends a body that holds nothing. */
export function addIncidentLinkRoutes(app: FastifyInstance, parts: LinkParts): void {
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: 1024 },
    (_request, _body, done) => done(null, {}),
  );
  const common = {
    path: `${linkPath}/:incident/:action`,
    permission: "open",
    tag: "incidents",
    params,
    query,
    errors: ["rate_limited"],
  } as const;
  addRoute(app, {
    ...common,
    method: "GET",
    summary: "The page of a link in a notice; it changes nothing",
    answers: { 200: pageOf("What the link is about, with a button for it"), ...refusals },
    async handle(call) {
      return send(call.reply, await shown(readLink(call), parts));
    },
  });
  addRoute(app, {
    ...common,
    method: "POST",
    summary: "Do what a link in a notice says",
    consumes: ["application/x-www-form-urlencoded"],
    description: "Again: nothing changes.",
    answers: { 200: pageOf("It is done, or there is nothing to do any more"), ...refusals },
    errors: ["rate_limited", "malformed", "too_large", "unsupported_media_type"],
    async handle(call) {
      return send(call.reply, await acted(readLink(call), parts));
    },
  });
}

interface ReadLink {
  readonly incidentId: IncidentId;
  readonly action: LinkAction;
  readonly until: number;
  readonly key: string;
  readonly signature: string;
}

/** undefined: it cannot be one of Belfry's. */
function readLink(call: {
  readonly params: { readonly incident: string; readonly action: string };
  readonly query: { readonly until?: string; readonly key?: string; readonly sig?: string };
}): ReadLink | undefined {
  const { until = "", key = "", sig = "" } = call.query;
  const incidentId = parseId<"incident">(call.params.incident);
  const action = linkActions.find((one) => one === call.params.action);
  if (incidentId === undefined || action === undefined || !/^\d{1,12}$/.test(until)) return;
  return { incidentId, action, until: Number(until), key, signature: sig };
}

interface Shown {
  readonly status: 200 | 404 | 410;
  readonly page: LinkPage;
}

const forged: Shown = {
  status: 404,
  page: {
    title: "This link is not valid",
    lines: ["It was cut off or changed on its way, or Belfry's key was made anew since."],
    button: null,
    page: null,
  },
};

/** The incident of a link that holds; or what is shown instead. */
async function incidentOf(
  link: ReadLink | undefined,
  { clock, store, incidentLinks }: LinkParts,
): Promise<{ readonly link: ReadLink; readonly incident: Incident } | Shown> {
  if (link === undefined) return forged;
  const verdict = incidentLinks.judge(link, clock.now());
  if (verdict === "forged") return forged;
  const page = pagePath(link.incidentId);
  if (verdict === "expired") {
    const lines = ["Links hold for a week. Nothing was changed."];
    return { status: 410, page: { title: "This link expired", lines, button: null, page } };
  }
  const incident = await store.incident(link.incidentId);
  if (incident !== undefined) return { link, incident };
  const title = "This incident is not known any more";
  return { status: 404, page: { title, lines: [], button: null, page: null } };
}

async function shown(link: ReadLink | undefined, parts: LinkParts): Promise<Shown> {
  const found = await incidentOf(link, parts);
  if ("status" in found) return found;
  const { incident } = found;
  const { action } = found.link;
  const done = nothingToDo(incident, action, parts.clock.now());
  const lines = [...about(incident), done ?? buttons[action].text];
  return pageAbout(incident, lines, done === null ? buttons[action].title : null);
}

async function acted(link: ReadLink | undefined, parts: LinkParts): Promise<Shown> {
  const found = await incidentOf(link, parts);
  if ("status" in found) return found;
  const { incident } = found;
  const { action } = found.link;
  const done = nothingToDo(incident, action, parts.clock.now());
  if (done !== null) return pageAbout(incident, [...about(incident), done], null);
  const after = await (action === "acknowledge"
    ? parts.acknowledge(incident.id, actor)
    : parts.incidentDesk.snooze(incident.id, snoozeMs, actor));
  const now = after ?? incident;
  // It may have ended, or somebody been quicker, between the look and the act: what holds now is told.
  const result = nothingToDo(now, action, parts.clock.now()) ?? "Nothing was changed.";
  return pageAbout(now, [...about(now), result], null);
}

const buttons = {
  acknowledge: { title: "Acknowledge", text: "Say that somebody takes care of it." },
  snooze: { title: "Snooze for an hour", text: "Nobody is told of it for an hour." },
} as const satisfies Record<LinkAction, { readonly title: string; readonly text: string }>;

/** Why the action is not needed; null: it is. */
function nothingToDo(incident: Incident, action: LinkAction, now: number): string | null {
  const { resolvedAt, acknowledgedAt, acknowledgedBy, snoozedUntil } = incident;
  if (resolvedAt !== null) return `It is over since ${timeOf(resolvedAt)}.`;
  if (action === "acknowledge") {
    if (acknowledgedAt === null) return null;
    const by = acknowledgedBy === null ? "" : ` by ${acknowledgedBy}`;
    return `It was acknowledged at ${timeOf(acknowledgedAt)}${by}.`;
  }
  if (snoozedUntil === null || snoozedUntil <= now) return null;
  return `It is snoozed until ${timeOf(snoozedUntil)}.`;
}

function about({ message, severity, openedAt }: Incident): readonly string[] {
  return [message, `${severity}, since ${timeOf(openedAt)}`];
}

function pageAbout(incident: Incident, lines: readonly string[], button: string | null): Shown {
  const { id, title } = incident;
  return { status: 200, page: { title, lines, button, page: pagePath(id) } };
}

/** Relative, so that it holds wherever a proxy puts Belfry. */
function pagePath(id: IncidentId): string {
  return `../../dashboard/incidents/${id}`;
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function send(reply: FastifyReply, { status, page }: Shown): FastifyReply {
  return reply.code(status).headers(linkPageHeaders).send(linkPageHtml(page));
}
