/** Settings of channels that dial a server of one's own: how its certificate is checked. */
import type { Problem } from "@belfry/contract";
import { CaSchema, isPem } from "@belfry/relay/http";
import { Type } from "typebox";

/** Keys `verify_tls` and `ca`, to be spread into a schema. */
export const tlsFields = {
  verify_tls: Type.Boolean({
    title: "Check certificates",
    default: true,
    description: "false: any certificate is taken, and whoever is on the way can read along",
  }),
  ca: CaSchema,
} as const;

/** What the schema cannot say: `ca` must be PEM. */
export function tlsProblems({ ca }: { readonly ca?: string }, at: string): readonly Problem[] {
  if (ca === undefined || isPem(ca)) return [];
  return [{ path: pathOf(at, "ca"), message: "expected certificates as PEM" }];
}

/** The settings as a client takes them. */
export function tlsOf({ verify_tls, ca }: { readonly verify_tls: boolean; readonly ca?: string }): {
  readonly verifyTls: boolean;
  readonly ca?: string;
} {
  return { verifyTls: verify_tls, ...(ca === undefined ? {} : { ca }) };
}

/** `settings.ca`; without a place before it, `ca`. */
export function pathOf(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}
