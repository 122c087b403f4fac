/**
 * The OpenAPI 3.1 document at `/openapi.json` and the page that shows it at `/docs`. Made from the routes themselves when
 * it is first asked for, and kept. Shapes that occur again and again become components.
 */
import fastifySwagger from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import * as contract from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { addRoute } from "./route.ts";

/** Wire shapes that are components, by name. */
const components: Readonly<Record<string, object>> = {
  AuditEntry: contract.AuditEntrySchema,
  CheckKind: contract.CheckKindSchema,
  HistoryRow: contract.HistoryRowSchema,
  AlertRoute: contract.AlertRouteSchema,
  AlertRouteInput: contract.AlertRouteInputSchema,
  Incident: contract.IncidentSchema,
  Maintenance: contract.MaintenanceSchema,
  MaintenanceInput: contract.MaintenanceInputSchema,
  Silence: contract.SilenceSchema,
  SilenceInput: contract.SilenceInputSchema,
  WindowSchedule: contract.WindowScheduleSchema,
  Job: contract.JobSchema,
  JobEvent: contract.JobEventSchema,
  Key: contract.KeySchema,
  Monitor: contract.MonitorSchema,
  MonitorInput: contract.MonitorInputSchema,
  MonitorPatch: contract.MonitorPatchSchema,
  MonitorSummary: contract.MonitorSummarySchema,
  MonitorTest: contract.MonitorTestSchema,
  Problem: contract.ProblemDocumentSchema,
  Run: contract.RunSchema,
  Session: contract.SessionSchema,
  StackError: contract.StackErrorSchema,
  TargetInvalid: contract.FastApiInvalidSchema,
  TargetError: contract.FastApiErrorSchema,
  TargetWithStatus: contract.TargetWithStatusSchema,
  Uptime: contract.UptimeSchema,
};

const tags = [
  { name: "monitors", description: "What Belfry checks, and what was found" },
  { name: "incidents", description: "Spans in which something was wrong" },
  { name: "alerting", description: "Who is told of incidents, and when not" },
  { name: "jobs", description: "Jobs, their runs and the events of runs" },
  { name: "series", description: "Numeric history" },
  { name: "live", description: "Changes as they happen" },
  { name: "access", description: "Keys, sessions and what was done with them" },
  { name: "operations", description: "Health and metrics of Belfry itself" },
  { name: "amaunator", description: "Drop-in surface of Amaunator" },
  { name: "monitoring_component", description: "Drop-in surface of the Monitoring Component" },
  { name: "monitoring_stack", description: "Drop-in surface of the Monitoring Stack" },
];

/** Prepares the document; to be called before any route is registered. */
export async function prepareOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Belfry",
        version,
        description: "Watches endpoints, hosts and jobs from one place, and rings the bell.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      tags,
      components: {
        schemas: components,
        securitySchemes: {
          key: { type: "http", scheme: "bearer" },
          header: { type: "apiKey", in: "header", name: "x-api-key" },
          session: { type: "apiKey", in: "cookie", name: "belfry_session" },
        },
      },
      security: [{ key: [] }, { header: [] }, { session: [] }],
    },
    convertConstToEnum: false,
  });
}

/** Registers `/openapi.json` and `/docs`. */
export async function addOpenApiRoutes(app: FastifyInstance): Promise<void> {
  let made: Record<string, unknown> | undefined;
  const document = (): Record<string, unknown> =>
    (made ??= withComponents(JSON.parse(JSON.stringify(app.swagger()))));
  addRoute(app, {
    method: "GET",
    path: "/openapi.json",
    surface: "operations",
    permission: "open",
    tag: "operations",
    summary: "This document",
    answers: {
      200: {
        description: "OpenAPI 3.1",
        schema: Type.Object(
          { openapi: Type.String(), info: Type.Unknown(), paths: Type.Unknown() },
          { additionalProperties: true },
        ),
      },
    },
    handle: document,
  });
  await app.register(async (docs) => {
    docs.addHook("onRoute", (route) => {
      route.config = {
        ...route.config,
        permission: "open",
        surface: "operations",
        rateLimit: false,
      };
    });
    await docs.register(fastifySwaggerUi, {
      routePrefix: "/docs",
      staticCSP: docsPolicy,
      transformSpecification: document,
      transformSpecificationClone: false,
      theme: { title: "Belfry API" },
      logo: { type: "image/svg+xml", content: "" },
    });
  });
}

/** The page sets styles inline; scripts and data come from here only. */
const docsPolicy = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": ["'self'", "'unsafe-inline'"],
  "img-src": ["'self'", "data:"],
  "connect-src": "'self'",
  "base-uri": "'none'",
  "frame-ancestors": "'none'",
};

/** Puts a reference wherever one of the components stands. Changes and gives back the document. */
function withComponents(document: Record<string, unknown>): Record<string, unknown> {
  const schemas = recordAt(recordAt(document, "components"), "schemas");
  const names = new Map(
    Object.entries(schemas).map(([name, schema]) => [JSON.stringify(schema), name]),
  );
  refer(document["paths"], names);
  for (const schema of Object.values(schemas)) refer(schema, names);
  return document;
}

function refer(node: unknown, names: ReadonlyMap<string, string>): void {
  if (typeof node !== "object" || node === null) return;
  const holder: Record<string, unknown> = node as Record<string, unknown>;
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value !== "object" || value === null) continue;
    const name = names.get(JSON.stringify(value));
    if (name === undefined) refer(value, names);
    else holder[key] = { $ref: `#/components/schemas/${name}` };
  }
}

function recordAt(record: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = record[key];
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
