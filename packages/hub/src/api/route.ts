/**
 * What a route is: one value that says method, path, who may call it, what goes in and every answer that can come
 * out. The OpenAPI document, the validation, the default-deny check and the tests all read this value, so none of
 * them can say something else.
 */
import {
  ProblemDocumentSchema,
  bad,
  createParser,
  errorTable,
  type ErrorCode,
  type Parsed,
} from "@belfry/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { Type, type Static, type TObject, type TSchema } from "typebox";
import type { Principal } from "../model/access.ts";
import { AppError } from "../model/error.ts";
import type { Permission } from "./access/permission.ts";
import { hasNul } from "./body.ts";
import { createQueryParser } from "./query.ts";
import type { Surface } from "./surface.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    permission?: Permission;
    surface?: Surface;
  }
  interface FastifyRequest {
    /** Who calls; set before any handler runs. */
    principal: Principal;
    /** The page's session the request came with; null for other principals. */
    session: { readonly csrf: string; readonly expiresAt: number } | null;
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request, parsed. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly principal: Principal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** One kind of answer. `type` is its content type (default `application/json`). */
export interface Answer {
  readonly description: string;
  readonly schema: TSchema;
  readonly type?: string | readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route<P extends TObject, Q extends TObject, B extends TSchema> {
  readonly method: Method;
  /** As Fastify has it: `/api/v1/monitors/:id`. */
  readonly path: string;
  /** Default `native`. */
  readonly surface?: Surface;
  readonly permission: Permission;
  /** Chapter of the OpenAPI document. */
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Reads the body where more than the schema decides; the schema is then documentation. */
  readonly parseBody?: (body: unknown) => Parsed<Static<B>>;
  /** Content types of the body, default `application/json`. */
  readonly consumes?: readonly string[];
  /** In bytes; default 1 MiB. */
  readonly bodyLimit?: number;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Errors beyond those any route can have. */
  readonly errors?: readonly ErrorCode[];
  /** Replaces the problem documents of the native API. */
  readonly errorAnswers?: Readonly<Record<number, Answer>>;
  /** true: left out of the OpenAPI document. */
  readonly hidden?: true;
  /** false: not counted by the rate limit. */
  readonly rateLimit?: false;
  handle(call: Call<Static<P>, Static<Q>, Static<B>>): unknown;
}

const nothing = Type.Object({});

/** An answer without a body. */
export const noContent: Answer = { description: "Done", schema: Type.Null() };

/** Registers a route. */
export function addRoute<
  P extends TObject = typeof nothing,
  Q extends TObject = typeof nothing,
  B extends TSchema = typeof nothing,
>(app: FastifyInstance, route: Route<P, Q, B>): void {
  const options: RouteOptions = {
    method: route.method,
    url: route.path,
    config: {
      permission: route.permission,
      surface: route.surface ?? "native",
      ...(route.rateLimit === false ? { rateLimit: false } : {}),
    },
    schema: schemaOf(route),
    validatorCompiler: ({ httpPart }) => validatorOf(route, httpPart),
    handler: (request, reply) => route.handle(callOf(request, reply)),
  };
  if (route.bodyLimit !== undefined) options.bodyLimit = route.bodyLimit;
  app.route(options);

  /** The casts hold because the validators below have replaced each part by what its schema accepts. */
  function callOf(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Call<Static<P>, Static<Q>, Static<B>> {
    return {
      params: request.params as Static<P>,
      query: request.query as Static<Q>,
      body: request.body as Static<B>,
      principal: request.principal,
      request,
      reply,
    };
  }
}

function validatorOf<P extends TObject, Q extends TObject, B extends TSchema>(
  route: Route<P, Q, B>,
  part: string | undefined,
): (value: unknown) => { value: unknown } | { error: Error } {
  const parse = parserOf(route, part);
  return (value) => {
    const parsed = parse(value);
    if (parsed.kind === "ok") return { value: parsed.value };
    const where = part === "querystring" ? "query" : (part ?? "request");
    return {
      error: new AppError("invalid", `The ${where} does not fit`, { problems: parsed.problems }),
    };
  };
}

function parserOf<P extends TObject, Q extends TObject, B extends TSchema>(
  route: Route<P, Q, B>,
  part: string | undefined,
): (value: unknown) => Parsed<unknown> {
  if (part === "body") return route.parseBody ?? createParser(route.body ?? nothing);
  if (part === "params") return createQueryParser(route.params ?? nothing);
  const parseQuery = createQueryParser(route.query ?? nothing);
  return (query) => {
    if (hasNul(query)) return bad({ path: "", message: "holds U+0000, which cannot be kept" });
    return parseQuery(query);
  };
}

function schemaOf<P extends TObject, Q extends TObject, B extends TSchema>(
  route: Route<P, Q, B>,
): Record<string, unknown> {
  return {
    ...(route.hidden === true ? { hide: true } : {}),
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.permission === "open" ? { security: [] } : {}),
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.body === undefined ? {} : { body: route.body }),
    ...(route.consumes === undefined ? {} : { consumes: route.consumes }),
    response: { ...errorAnswersOf(route), ...answersOf(route.answers) },
  };
}

function answersOf(answers: Readonly<Record<number, Answer>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)]),
  );
}

function responseOf({ description, schema, type, headers }: Answer): object {
  const described = {
    description,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
  };
  if ("type" in schema && schema.type === "null") return { ...described, type: "null" };
  const types = typeof type === "string" ? [type] : (type ?? ["application/json"]);
  return { ...described, content: Object.fromEntries(types.map((one) => [one, { schema }])) };
}

function headersOf(headers: Readonly<Record<string, string>>): object {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { type: "string", description }]),
  );
}

function errorAnswersOf<P extends TObject, Q extends TObject, B extends TSchema>(
  route: Route<P, Q, B>,
): Record<string, unknown> {
  if (route.errorAnswers !== undefined) return answersOf(route.errorAnswers);
  const codes = new Set<ErrorCode>(["internal", "unavailable", ...(route.errors ?? [])]);
  if (route.permission !== "open") for (const code of accessErrors) codes.add(code);
  if (route.query !== undefined || route.body !== undefined) codes.add("invalid");
  if (route.body !== undefined) for (const code of bodyErrors) codes.add(code);
  const byStatus = Map.groupBy(codes, (code) => errorTable[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      responseOf({
        description: same.map((code) => `${code}: ${errorTable[code].title}`).join("; "),
        schema: ProblemDocumentSchema,
        type: "application/problem+json",
      }),
    ]),
  );
}

const accessErrors = ["unauthenticated", "forbidden", "bad_origin", "rate_limited"] as const;
const bodyErrors = ["malformed", "too_large", "unsupported_media_type"] as const;
