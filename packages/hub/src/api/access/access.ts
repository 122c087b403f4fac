/**
 * Lets requests in: finds out who calls and whether the route's permission is among what they may do. Default deny: a
 * route without a permission is refused (and makes the start fail, see `create-api.ts`).
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiKey, Principal } from "../../model/access.ts";
import type { Clock } from "../../model/clock.ts";
import { AppError } from "../../model/error.ts";
import type { ApiSettings } from "../settings.ts";
import type { Surface } from "../surface.ts";
import { readCredential, sessionCookie } from "./credentials.ts";
import { createFailedAttempts, createSharedFailedAttempts } from "./failed-attempts.ts";
import type { KeyRing } from "./key-ring.ts";
import { createNetworks, type Networks } from "./networks.ts";
import { isProxied, refuseCrossSite, refuseLoopback } from "./origin.ts";
import { allows, type Permission } from "./permission.ts";
import { isSameText } from "./secret.ts";
import type { SharedCounts } from "./shared-counts.ts";
import type { Sessions } from "./sessions.ts";

export interface AccessParts {
  readonly clock: Clock;
  readonly keys: KeyRing;
  readonly sessions: Sessions;
  /** What hubs count together; null: this one is alone. */
  readonly counts: SharedCounts | null;
}

export interface Access {
  /** Sets `request.principal`, or throws `unauthenticated`, `forbidden`, `bad_origin` or `rate_limited`. */
  admit(
    request: FastifyRequest,
    reply: FastifyReply,
    permission: Permission,
    surface: Surface,
  ): Promise<void>;
  /** The key with this text, with failed attempts of the request's address counted. */
  keyOf(secret: string, request: FastifyRequest, reply: FastifyReply): Promise<ApiKey>;
}

/** Nobody in particular, who may use open routes only. */
export const nobody: Principal = { kind: "loopback", name: "nobody", scopes: [] };

/** A client of the Monitoring Stack that shows the key its servers know. */
export const stackClient: Principal = {
  kind: "loopback",
  name: "monitoring_stack",
  scopes: ["write", "ingest"],
};

/** Makes the access check. */
export function createAccess(settings: ApiSettings, parts: AccessParts): Access {
  const { failedAttempts } = settings.rateLimit;
  const failed =
    parts.counts === null
      ? createFailedAttempts(failedAttempts, parts.clock)
      : createSharedFailedAttempts(failedAttempts, parts.counts);
  const withoutCredential = createOpenDoor(settings);

  async function keyOf(
    secret: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<ApiKey> {
    const wait = failed.waitSeconds(request.ip);
    if (wait > 0) {
      reply.header("retry-after", wait);
      throw new AppError("rate_limited", "Too many keys that do not fit came from this address");
    }
    const key = await parts.keys.find(secret);
    if (key !== undefined) return key;
    failed.note(request.ip);
    throw new AppError("unauthenticated", "This key is not known, or was revoked");
  }

  async function fromSession(
    token: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Principal | undefined> {
    const found = await parts.sessions.find(token);
    if (found === undefined) return undefined;
    const { session, key, renewed } = found;
    const changes = request.method !== "GET" && request.method !== "HEAD";
    const refused = refuseCrossSite(request.method, request.headers);
    if (refused !== undefined) throw new AppError("bad_origin", refused);
    if (changes && !isSameText(String(request.headers["x-csrf-token"] ?? ""), session.csrf)) {
      throw new AppError("forbidden", "A change made by a page needs its token in X-CSRF-Token");
    }
    if (renewed !== undefined) setSessionCookie(request, reply, renewed, settings);
    request.session = session;
    return { kind: "session", keyId: key.id, name: key.name, scopes: key.scopes };
  }

  function isStackKey(secret: string, surface: Surface): boolean {
    const { apiKey } = settings.monitoringStack;
    return surface === "monitoring_stack" && apiKey !== null && isSameText(secret, apiKey);
  }

  return {
    keyOf,
    async admit(request, reply, permission, surface) {
      if (permission === "open") return;
      const credential = readCredential(request.headers, request.cookies);
      let principal: Principal | undefined;
      if (credential.kind === "key" && isStackKey(credential.secret, surface)) {
        principal = stackClient;
      } else if (credential.kind === "key") {
        const key = await keyOf(credential.secret, request, reply);
        principal = { kind: "key", keyId: key.id, name: key.name, scopes: key.scopes };
      } else if (credential.kind === "session") {
        principal = await fromSession(credential.token, request, reply);
      }
      request.principal = principal ?? withoutCredential(request, surface);
      if (!allows(request.principal.scopes, permission)) {
        throw new AppError("forbidden", `This needs the scope ${permission}`);
      }
    },
  };
}

/** Who calls without a credential; throws `unauthenticated` or `bad_origin` where that is not enough. */
function createOpenDoor(
  settings: ApiSettings,
): (request: FastifyRequest, surface: Surface) => Principal {
  const openTo = new Map<string, Networks>(
    Object.entries(settings.openTo).map(([surface, list]) => [surface, createNetworks(list)]),
  );
  /** A proxy nobody vouched for may stand within the network and forward for the whole world. */
  function isOpenTo(surface: Surface, request: FastifyRequest): boolean {
    const within = openTo.get(surface);
    if (within === undefined || !within(request.ip)) return false;
    return !isProxied(request.headers) || settings.trustedProxies.length > 0;
  }
  return (request, surface) => {
    const { headers, method } = request;
    if (isOpenTo(surface, request)) {
      return { kind: "loopback", name: `open:${surface}`, scopes: ["write", "ingest"] };
    }
    switch (settings.auth) {
      case "keys":
        throw new AppError("unauthenticated", "The request shows no key");
      case "loopback": {
        const refused = refuseLoopback(method, headers, request.socket.remoteAddress ?? "");
        if (refused !== undefined) throw new AppError("bad_origin", refused);
        return { kind: "loopback", name: "loopback", scopes: ["admin"] };
      }
      case "off": {
        const refused = refuseCrossSite(method, headers);
        if (refused !== undefined) throw new AppError("bad_origin", refused);
        return { kind: "loopback", name: "anybody", scopes: ["admin"] };
      }
    }
  };
}

/** Hands a session's token to the page. */
export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  settings: Pick<ApiSettings, "sessionLifetimeMs">,
): void {
  reply.setCookie(sessionCookie, token, {
    path: "/",
    httpOnly: true,
    sameSite: "strict",
    secure: request.protocol === "https",
    maxAge: Math.floor(settings.sessionLifetimeMs / 1000),
  });
}
