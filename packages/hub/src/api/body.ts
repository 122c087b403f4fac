/** How JSON bodies are read: strictly, and without U+0000, which PostgreSQL cannot keep. */
import type { FastifyInstance } from "fastify";
import { AppError } from "../model/error.ts";

/** Content types that are JSON. */
export const jsonTypes = ["application/json", "application/merge-patch+json"] as const;

/** Replaces the framework's JSON parser. Other content types are refused unless a scope takes them in. */
export function addJsonBody(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...jsonTypes], { parseAs: "string" }, (request, body, done) => {
    const text = String(body);
    void parse(request, text, (error, value: unknown) => {
      if (error !== null) done(error);
      else if (text.includes(String.raw`\u0000`) && hasNul(value)) done(nulRefused());
      else done(null, value);
    });
  });
}

/** Says that a request holds U+0000. */
export function nulRefused(): AppError {
  return new AppError("invalid", "Text with the character U+0000 cannot be kept");
}

/** Whether any text within a value, names included, holds U+0000. */
export function hasNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\0");
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => key.includes("\0") || hasNul(inner));
}
