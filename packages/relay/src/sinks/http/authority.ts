/** The setting for certificates that are trusted besides the usual ones. */
import { X509Certificate } from "node:crypto";
import { Type } from "typebox";

export const CaSchema = Type.Optional(
  Type.String({
    title: "Authority",
    maxLength: 1024 * 1024,
    description: "Certificates trusted besides the usual ones, PEM",
  }),
);

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Whether a text is one or more certificates as PEM. */
export function isPem(text: string): boolean {
  const found = text.match(certificate) ?? [];
  try {
    for (const one of found) void new X509Certificate(one);
  } catch {
    return false;
  }
  return found.length > 0;
}
