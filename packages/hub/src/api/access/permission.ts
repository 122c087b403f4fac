/** What a route asks of whoever calls it, and who has it. */
import type { Principal, Scope } from "../../model/access.ts";

/**
 * A scope; `authenticated`: any principal whatever its scopes; `open`: anybody (health, the pages' files, logging in).
 * A route without a permission makes the start fail.
 */
export type Permission = Scope | "authenticated" | "open";

/** What a scope contains. */
const contained = {
  read: ["read"],
  write: ["read", "write"],
  ingest: ["ingest"],
  // Not even `admin` contains it: secrets of monitors are told to workers alone.
  worker: ["worker"],
  admin: ["read", "write", "ingest", "admin"],
} as const satisfies Record<Scope, readonly Scope[]>;

/** Whether somebody with these scopes may use a route that asks for `permission`. */
export function allows(scopes: readonly Scope[], permission: Permission): boolean {
  if (permission === "open" || permission === "authenticated") return true;
  return scopes.some((scope) => (contained[scope] as readonly Scope[]).includes(permission));
}

/** Who did it, as written into the audit. */
export function actorOf(principal: Principal): string {
  switch (principal.kind) {
    case "key":
      return `key:${principal.name}`;
    case "session":
      return `session:${principal.name}`;
    case "loopback":
      return principal.name;
  }
}

/** Names a principal uniquely: for rate limits and remembered answers. */
export function principalId(principal: Principal): string {
  return principal.kind === "loopback" ? principal.name : principal.keyId;
}
