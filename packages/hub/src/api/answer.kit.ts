/**
 * For tests: holds an answer against the schema its route declares for it. Stricter than the schemas themselves: keys
 * they do not name are refused, so that nothing leaves the API undocumented.
 */
import assert from "node:assert/strict";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { RouteTable } from "./route-table.ts";

export interface GivenAnswer {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly payload: string;
}

/** Fails when the answer is not one its route declares. Answers to paths without a route must be 404 or 405. */
export function assertDeclared(routes: RouteTable, answer: GivenAnswer): void {
  const [path = ""] = answer.url.split("?");
  const what = `${answer.method} ${answer.url} → ${answer.status}`;
  const found = routes.matching(path).find(({ method }) => method === answer.method);
  if (found === undefined || isBroken(path)) {
    assert.ok([400, 404, 405].includes(answer.status), what);
    return;
  }
  const responses = recordOf(recordOf(found.options.schema)["response"]);
  const declared = recordOf(responses[answer.status]);
  assert.ok(answer.status in responses, `${what} is not declared`);
  if (declared["type"] === "null" || answer.method === "HEAD") {
    assert.equal(answer.payload, "", `${what} has a body`);
    return;
  }
  const content = recordOf(declared["content"]);
  const type = Object.keys(content).find((one) => bare(one) === bare(answer.contentType ?? ""));
  assert.ok(type !== undefined, `${what}: content type ${answer.contentType} is not declared`);
  const isJson = bare(type).endsWith("json");
  const body: unknown = isJson ? JSON.parse(answer.payload) : answer.payload;
  const schema = recordOf(content[type])["schema"];
  const errors = errorsOf(schema, body);
  assert.deepEqual(errors, [], `${what} does not fit its schema: ${answer.payload.slice(0, 500)}`);
}

/** No route is looked for where a path cannot be decoded. */
function isBroken(path: string): boolean {
  return /%(?![0-9a-f]{2})/i.test(path);
}

const checks = new WeakMap<object, (body: unknown) => readonly string[]>();

function errorsOf(schema: unknown, body: unknown): readonly string[] {
  assert.ok(typeof schema === "object" && schema !== null, "no schema");
  let check = checks.get(schema);
  if (check === undefined) {
    const validator = Compile(closed(schema) as TSchema);
    check = (value) =>
      validator.Errors(value).map(({ instancePath, message }) => `${instancePath} ${message}`);
    checks.set(schema, check);
  }
  return check(body);
}

/** Copies a schema and closes every object in it that does not say whether it is open. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  );
  const isOpen = "additionalProperties" in copy || "patternProperties" in copy;
  if (copy["type"] === "object" && "properties" in copy && !isOpen) {
    copy["additionalProperties"] = false;
  }
  return copy;
}

function bare(contentType: string): string {
  return contentType.split(";")[0]?.trim() ?? "";
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
