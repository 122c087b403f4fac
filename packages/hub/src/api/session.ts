/** `/api/v1/session`: a page trades a key for a session, asks who it is, and leaves. */
import { SessionInputSchema, SessionSchema, type SessionView } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { setSessionCookie, type Access } from "./access/access.ts";
import { sessionCookie } from "./access/credentials.ts";
import { refuseCrossSite } from "./access/origin.ts";
import type { Sessions } from "./access/sessions.ts";
import { AppError } from "../model/error.ts";
import { addRoute, noContent } from "./route.ts";
import type { ApiSettings } from "./settings.ts";
import { timeText } from "./monitors/view.ts";

/** Registers the routes. */
export function addSessionRoutes(
  app: FastifyInstance,
  settings: ApiSettings,
  access: Access,
  sessions: Sessions,
): void {
  addRoute(app, {
    method: "POST",
    path: "/api/v1/session",
    permission: "open",
    tag: "access",
    summary: "Trade a key for a session of a page",
    description:
      "The session is in an HttpOnly cookie; send `csrf_token` as X-CSRF-Token with changes.",
    body: SessionInputSchema,
    answers: { 201: { description: "The session", schema: SessionSchema } },
    errors: ["unauthenticated", "bad_origin", "rate_limited"],
    async handle({ body, request, reply }): Promise<SessionView> {
      const refused = refuseCrossSite(request.method, request.headers);
      if (refused !== undefined) throw new AppError("bad_origin", refused);
      const key = await access.keyOf(body.key, request, reply);
      const { token, session } = await sessions.open(key);
      setSessionCookie(request, reply, token, settings);
      reply.code(201);
      return {
        kind: "session",
        name: key.name,
        scopes: [...key.scopes],
        csrf_token: session.csrf,
        expires_at: timeText(session.expiresAt),
      };
    },
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/session",
    permission: "authenticated",
    tag: "access",
    summary: "Who is asking",
    answers: { 200: { description: "The caller", schema: SessionSchema } },
    handle: ({ principal, request }): SessionView => ({
      kind: principal.kind,
      name: principal.name,
      scopes: [...principal.scopes],
      csrf_token: request.session?.csrf ?? null,
      expires_at: request.session === null ? null : timeText(request.session.expiresAt),
    }),
  });
  addRoute(app, {
    method: "DELETE",
    path: "/api/v1/session",
    permission: "authenticated",
    tag: "access",
    summary: "End the session of the page",
    answers: { 204: noContent },
    async handle({ request, reply }) {
      const token = request.cookies[sessionCookie];
      if (request.session !== null && token !== undefined) await sessions.close(token);
      reply.clearCookie(sessionCookie, { path: "/" }).code(204);
    },
  });
}
