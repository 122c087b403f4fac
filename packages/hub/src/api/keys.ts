/** `/api/v1/keys`: create (the key is shown this once), list, revoke. */
import {
  KeyInputSchema,
  KeySchema,
  NewKeySchema,
  type KeyView,
  type NewKeyView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { ApiKey, AuditEntry, Principal } from "../model/access.ts";
import { AppError } from "../model/error.ts";
import { parseId } from "../model/id.ts";
import type { KeyRing } from "./access/key-ring.ts";
import { actorOf } from "./access/permission.ts";
import { createKeySecret } from "./access/secret.ts";
import type { ApiParts } from "./parts.ts";
import { addRoute, noContent } from "./route.ts";
import { idParams } from "./monitors/monitors.ts";
import { timeText, timeTextOrNull } from "./monitors/view.ts";

/** Registers the routes. */
export function addKeyRoutes(
  app: FastifyInstance,
  parts: Pick<ApiParts, "clock" | "newId" | "live">,
  keys: KeyRing,
): void {
  addRoute(app, {
    method: "POST",
    path: "/api/v1/keys",
    permission: "admin",
    tag: "access",
    summary: "Create a key",
    description:
      "The answer holds the key, this once. `Idempotency-Key` has no effect here, as the answer must not be kept.",
    body: KeyInputSchema,
    answers: {
      201: {
        description: "The new key",
        schema: NewKeySchema,
        headers: { location: "Path of the new key" },
      },
    },
    async handle({ body, principal, reply }): Promise<NewKeyView> {
      const now = parts.clock.now();
      const { secret, prefix, hash } = createKeySecret();
      const key: ApiKey = {
        id: parts.newId<"key">(now),
        name: body.name,
        hash,
        prefix,
        scopes: body.scopes,
        createdAt: now,
        lastUsedAt: null,
        revokedAt: null,
      };
      await keys.create(key, auditOf("create", key, principal, now));
      reply.code(201).header("location", `/api/v1/keys/${key.id}`);
      return { ...keyView(key), key: secret };
    },
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/keys",
    permission: "admin",
    tag: "access",
    summary: "List keys, revoked ones as well",
    answers: {
      200: { description: "Every key", schema: Type.Object({ items: Type.Array(KeySchema) }) },
    },
    handle: async () => ({ items: (await keys.all()).map(keyView) }),
  });
  addRoute(app, {
    method: "DELETE",
    path: "/api/v1/keys/:id",
    permission: "admin",
    tag: "access",
    summary: "Revoke a key",
    description:
      "At once here, within two seconds on other hubs. Ends its sessions and event streams.",
    params: idParams,
    answers: { 204: noContent },
    errors: ["not_found"],
    async handle({ params, principal, reply }) {
      const id = parseId<"key">(params.id);
      const key = id === undefined ? undefined : await keys.byId(id);
      if (key === undefined) throw new AppError("not_found", "There is no such key");
      const now = parts.clock.now();
      if (!(await keys.revoke(key.id, auditOf("revoke", key, principal, now)))) {
        throw new AppError("not_found", "There is no such key");
      }
      parts.live.dropKey(key.id);
      reply.code(204);
    },
  });
}

function keyView(key: ApiKey): KeyView {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: [...key.scopes],
    created_at: timeText(key.createdAt),
    last_used_at: timeTextOrNull(key.lastUsedAt),
    revoked_at: timeTextOrNull(key.revokedAt),
  };
}

function auditOf(action: string, key: ApiKey, principal: Principal, at: number): AuditEntry {
  return {
    at,
    actor: actorOf(principal),
    action,
    resource: "key",
    resourceId: key.id,
    detail: { name: key.name, prefix: key.prefix, scopes: key.scopes },
  };
}
