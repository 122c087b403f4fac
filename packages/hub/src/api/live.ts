/** `/api/v1/live`: server-sent events. */
import type { FastifyInstance } from "fastify";
import { Readable } from "node:stream";
import { Type } from "typebox";
import { AppError } from "../model/error.ts";
import { parseId, type MonitorId } from "../model/id.ts";
import type { LiveSource } from "./parts.ts";
import { addRoute } from "./route.ts";

const liveQuery = Type.Object(
  {
    monitors: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 1000,
        description: "Monitors whose every check is wanted, separated by commas",
      }),
    ),
    hosts: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 1000,
        description: "Hosts whose latest figures are wanted, separated by commas, or `all`",
      }),
    ),
    runs: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 1000,
        description:
          "Runs that are wanted when they change, separated by commas: ids of runs (they and all below them), of jobs (all " +
          "their runs), or `all`",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Registers the route. */
export function addLiveRoute(app: FastifyInstance, live: LiveSource): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/live",
    permission: "read",
    tag: "live",
    summary: "Changes as they happen",
    description:
      "Server-sent events `counts`, `checks`, `hosts`, `host_counts`, `runs`, `jobs`, `monitors`, `incidents` and `reset`, " +
      "gathered and sent at most once a second. `runs` holds at most 200 runs; of more that change the rest follows, or " +
      "`reset`. `jobs` comes with any `runs`. After a break send `Last-Event-ID`: `reset` then says that something was missed and everything is to be fetched anew.",
    query: liveQuery,
    answers: {
      200: { description: "Events", schema: Type.String(), type: "text/event-stream" },
    },
    errors: ["unavailable"],
    handle({ query, request, reply, principal }) {
      // A connection kept alive after the stream has ended would hold up the stop of the hub.
      reply.type("text/event-stream; charset=utf-8").header("connection", "close");
      if (request.method === "HEAD") return "";
      const lastEventId = request.headers["last-event-id"];
      const reader = live.open({
        monitors: idsOf(query.monitors),
        hosts: query.hosts?.includes("all") === true ? "all" : idsOf(query.hosts),
        runs: query.runs?.includes("all") === true ? "all" : idsOf(query.runs),
        lastEventId: typeof lastEventId === "string" ? lastEventId : undefined,
        keyId: principal.kind === "loopback" ? undefined : principal.keyId,
        onDropped: () => reply.raw.destroy(),
      });
      if (reader === undefined) throw new AppError("unavailable", "Too many streams are open");
      return Readable.from(reader, { objectMode: false });
    },
  });
  app.addHook("preClose", (done) => {
    live.closeAll();
    done();
  });
}

function idsOf(texts: readonly string[] | undefined): MonitorId[] {
  return (texts ?? []).flatMap((id) => parseId<"monitor">(id) ?? []);
}
