/** Every error leaves the API through here, worded as its surface words errors. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { errorTable } from "@belfry/contract";
import { AppError } from "../model/error.ts";
import type { Log } from "./parts.ts";
import { failureOf, problemDocumentOf, type Failure } from "./problem.ts";
import type { RouteTable } from "./route-table.ts";
import { surfaceOfPath, type Surface } from "./surface.ts";
import { alertmanagerErrorOf } from "./alertmanager/error.ts";
import { fastApiErrorOf } from "./drop-in/fast-api.ts";
import { componentErrorOf } from "./drop-in/monitoring-component/error.ts";
import { stackErrorOf } from "./drop-in/monitoring-stack/error.ts";
import { pingErrorOf } from "./drop-in/healthchecks/error.ts";
import { pushErrorOf } from "./drop-in/uptime-kuma-push/error.ts";
import { plainErrorOf } from "./prometheus/error.ts";

/** Answers a request with what was thrown. */
export type ErrorAnswer = (
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply;

/** Makes the answer to errors; faults of Belfry are logged under the id their answer holds. */
export function createErrorAnswer(log: Log): ErrorAnswer {
  return (thrown, request, reply) => {
    const failure = failureOf(thrown, randomUUID);
    const { code } = failure.error;
    if (failure.instance !== undefined) {
      log.error(
        { err: thrown, instance: failure.instance, method: request.method, path: pathOf(request) },
        "a request failed",
      );
    }
    if (code === "unauthenticated") reply.header("www-authenticate", 'Bearer realm="belfry"');
    if (code === "rate_limited" && !reply.hasHeader("retry-after")) reply.header("retry-after", 60);
    // Whoever sends again by itself (SDKs, sidecars, agents) does so no sooner.
    if (code === "unavailable" && !reply.hasHeader("retry-after")) reply.header("retry-after", 2);
    const surface = request.routeOptions?.config?.surface ?? surfaceOfPath(pathOf(request));
    const { type, body } = bodyOf(surface, failure);
    // A string leaves the serializers of the route out of it.
    return reply.code(errorTable[code].status).type(type).send(body);
  };
}

/** Wires errors, unknown paths (404) and wrong methods (405 with `Allow`). */
export function addErrorAnswers(
  app: FastifyInstance,
  routes: RouteTable,
  answerError: ErrorAnswer,
): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const found = routes.matching(pathOf(request)).map(({ method }) => method);
    const methods = [...new Set(found)].toSorted();
    // A route may itself say that there is nothing (a file that is not there).
    if (methods.length === 0 || methods.includes(request.method))
      return answerError(new AppError("not_found", ""), request, reply);
    reply.header("allow", methods.join(", "));
    const detail = `${request.method} is not among ${methods.join(", ")}`;
    return answerError(new AppError("method_not_allowed", detail), request, reply);
  });
}

/** Answers what is no HTTP request at all. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return;
  const body = JSON.stringify(
    problemDocumentOf(failureOf(new AppError("malformed", "This is no HTTP request"), randomUUID)),
  );
  socket.end(
    "HTTP/1.1 400 Bad Request\r\n" +
      "content-type: application/problem+json\r\n" +
      `content-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

function pathOf(request: FastifyRequest): string {
  const [path = ""] = request.url.split("?");
  return path;
}

function bodyOf(
  surface: Surface,
  failure: Failure,
): { readonly type: string; readonly body: string } {
  switch (surface) {
    case "amaunator":
      return { type: "application/json", body: JSON.stringify(fastApiErrorOf(failure)) };
    case "monitoring_stack":
      return { type: "application/json", body: JSON.stringify(stackErrorOf(failure)) };
    case "monitoring_component":
      return { type: "application/json", body: JSON.stringify(componentErrorOf(failure)) };
    case "prometheus":
      return { type: "text/plain; charset=utf-8", body: plainErrorOf(failure) };
    case "alertmanager":
      return { type: "application/json", body: JSON.stringify(alertmanagerErrorOf(failure)) };
    case "healthchecks":
      return { type: "text/plain; charset=utf-8", body: pingErrorOf(failure) };
    case "uptime_kuma":
      return { type: "application/json", body: JSON.stringify(pushErrorOf(failure)) };
    case "native":
    case "operations":
      return {
        type: "application/problem+json; charset=utf-8",
        body: JSON.stringify(problemDocumentOf(failure)),
      };
  }
}
