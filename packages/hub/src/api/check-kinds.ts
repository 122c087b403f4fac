/** `/api/v1/check-kinds`: enough of every kind to draw its form. */
import { CheckKindSchema, type CheckKindView } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { CheckKind } from "../model/check-kind.ts";
import type { ApiParts } from "./parts.ts";
import { addRoute } from "./route.ts";

/** Registers the route. */
export function addCheckKindRoutes(app: FastifyInstance, parts: Pick<ApiParts, "kinds">): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/check-kinds",
    permission: "read",
    tag: "monitors",
    summary: "The kinds of checks people can make, with the schemas of their settings",
    answers: {
      200: {
        description: "Every kind",
        schema: Type.Object({ items: Type.Array(CheckKindSchema) }),
      },
    },
    handle: () => ({
      items: [...parts.kinds.values()].filter(({ internal }) => internal !== true).map(kindView),
    }),
  });
}

function kindView(kind: CheckKind): CheckKindView {
  return {
    kind: kind.kind,
    title: kind.title,
    description: kind.description,
    real: kind.real,
    settings_schema: { ...kind.schema },
    defaults: defaultsOf(kind.schema),
    secrets: [...kind.secrets],
    metrics: kind.metrics.map(({ name, help }) => ({ name, help })),
  };
}

function defaultsOf(schema: object): Record<string, unknown> {
  const properties: unknown = "properties" in schema ? schema.properties : undefined;
  const defaults: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties ?? {})) {
    const value: unknown = property;
    if (typeof value === "object" && value !== null && "default" in value) {
      defaults[name] = value.default;
    }
  }
  return defaults;
}
