/** The System Stats Service's `GET /system`, of the machine Belfry itself runs on. `/health` is that of Belfry. */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../model/error.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";

/** Registers the route; without an agent in this process there is nothing to tell. */
export function addSystemRoute(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/system",
    surface: "operations",
    permission: "read",
    tag: "system stats service",
    summary: "This machine, as the System Stats Service describes it",
    description: "The fields are listed in `docs/AGENT.md`.",
    answers: {
      200: { description: "The latest sample", schema: Type.Record(Type.String(), Type.Unknown()) },
    },
    errors: ["not_found", "unavailable"],
    handle() {
      if (parts.system === null) {
        throw new AppError("not_found", "This process does not watch its machine");
      }
      const view = parts.system();
      if (view === null) throw new AppError("unavailable", "No sample was taken yet");
      return { ...view };
    },
  });
}
