/** `GET /api/v1/monitors/{id}/locations`: what each location of a monitor says, now and in a span of the past. */
import {
  MonitorLocationsSchema,
  type MonitorLocationsView,
  type MonitorLocationView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import {
  awayAfterMs,
  ownNameIn,
  quorumOf,
  workerGoneMs,
  type LocationInterval,
  type LocationKnown,
  type RemoteWorker,
} from "../../model/location.ts";
import type { Monitor } from "../../model/monitor.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { findEntry, idParams } from "./monitors.ts";
import { lastCheckView, timeText, timeTextOrNull } from "./view.ts";

type Parts = Pick<ApiParts, "clock" | "board" | "store" | "ownProcess">;

const hourMs = 3_600_000;

/** Registers the route. */
export function addLocationRoute(app: FastifyInstance, parts: Parts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/monitors/:id/locations",
    permission: "read",
    tag: "monitors",
    summary: "What each location of a monitor says",
    description: "Empty for a monitor that is checked by the hub alone.",
    params: idParams,
    query: Type.Object({
      hours: Type.Number({ minimum: 1, maximum: 2_160, default: 24, description: "Of the past" }),
    }),
    answers: { 200: { description: "Its locations", schema: MonitorLocationsSchema } },
    errors: ["not_found"],
    async handle({ params, query }): Promise<MonitorLocationsView> {
      const { monitor } = findEntry(parts, params.id);
      const { placement } = monitor;
      if (placement === undefined) return { quorum: 1, voting: 0, items: [] };
      const now = parts.clock.now();
      const range = { from: now - query.hours * hourMs, to: now };
      const [work, intervals, workers] = await Promise.all([
        parts.store.locationWork([monitor.id], 0),
        parts.store.locationIntervals(monitor.id, range),
        parts.store.remoteWorkers(now - workerGoneMs),
      ]);
      const known = work[0]?.known ?? [];
      const own = ownNameIn(monitor, parts.ownProcess.location);
      const items = placement.locations.map((location) =>
        locationView(monitor, {
          location,
          isOwn: location === own,
          known: known.find((one) => one.location === location),
          intervals: intervals.filter((one) => one.location === location),
          workers: workers.filter((one) => one.location === location),
          now,
        }),
      );
      const voting = items.filter(({ votes }) => votes).length;
      return { quorum: quorumOf(placement), voting, items };
    },
  });
}

function locationView(
  monitor: Monitor,
  {
    location,
    isOwn,
    known,
    intervals,
    workers,
    now,
  }: {
    readonly location: string;
    readonly isOwn: boolean;
    readonly known: LocationKnown | undefined;
    readonly intervals: readonly LocationInterval[];
    readonly workers: readonly RemoteWorker[];
    readonly now: number;
  },
): MonitorLocationView {
  const judgedAt = known?.judgedAt ?? null;
  const awayAt = judgedAt === null ? null : judgedAt + awayAfterMs(monitor);
  const isAway = awayAt !== null && awayAt < now;
  const status = known?.judge?.status ?? "pending";
  const votes = monitor.enabled && !isAway && status !== "pending" && status !== "unknown";
  return {
    location,
    own: isOwn,
    workers: workers.length,
    status: isAway ? "away" : status,
    status_since: timeTextOrNull(isAway ? awayAt : (known?.judge?.since ?? null)),
    votes,
    last_check: known?.last == null ? null : lastCheckView(known.last),
    intervals: intervals.map((one) => ({
      status: one.status,
      reason: one.reason,
      from: timeText(one.from),
      to: timeTextOrNull(one.to),
    })),
  };
}
