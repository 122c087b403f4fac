/** `/api/v1/fleet`: the processes that share the database, how each fares, and how the work is spread over them. */
import { FleetSchema, type FleetMemberView, type FleetView } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { duties, shareCounts, type Member, type ProcessId } from "../model/fleet.ts";
import { isMember, memberState, unheldOf, versionsOf } from "../model/member-state.ts";
import { timeText, timeTextOrNull } from "./monitors/view.ts";
import type { ApiParts } from "./parts.ts";
import { addRoute } from "./route.ts";

type Parts = Pick<ApiParts, "clock" | "newId" | "version" | "fleet" | "ownProcess">;

/** Registers the route. */
export function addFleetRoutes(app: FastifyInstance, parts: Parts): void {
  const ownId = parts.newId<"process">(parts.ownProcess.startedAt);
  addRoute(app, {
    method: "GET",
    path: "/api/v1/fleet",
    permission: "read",
    tag: "operations",
    summary: "The processes on this database, how they fare and what they look after",
    answers: {
      200: {
        description: "Those that are there, and those that lapsed or left within the last hour",
        schema: FleetSchema,
      },
    },
    async handle(): Promise<FleetView> {
      const { process } = parts.fleet;
      if (process === undefined) return fleetView([memberAlone(parts, ownId)], ownId, false);
      return fleetView(await parts.fleet.members(), process.id, true);
    },
  });
}

/** A process that is alone looks after everything, and nobody has to be told that it lives. */
function memberAlone({ clock, version, ownProcess }: Parts, id: ProcessId): Member {
  const now = clock.now();
  const { name, location, startedAt } = ownProcess;
  return {
    id,
    kind: "hub",
    name,
    location,
    version,
    url: null,
    holds: ["check", "hear", "duty"],
    joinedAt: startedAt,
    seenAt: now,
    until: Number.POSITIVE_INFINITY,
    lapsedAt: null,
    leftAt: null,
    readAt: now,
    figures: ownProcess.figures(),
    shares: shareCounts,
    duties,
  };
}

function fleetView(
  members: readonly Member[],
  answeredBy: ProcessId,
  clustered: boolean,
): FleetView {
  const present = members.filter(isMember);
  const unheld = unheldOf(members);
  return {
    clustered,
    answered_by: answeredBy,
    members: members.map(memberView),
    checks_per_second: sum(present.map(({ figures }) => figures.checksPerSecond)),
    missed_slots: sum(members.map(({ figures }) => figures.missed)),
    unheld: { ...unheld, duties: [...unheld.duties] },
    versions: [...versionsOf(members)],
  };
}

function memberView(member: Member): FleetMemberView {
  const { figures, readAt } = member;
  const endedAt = member.lapsedAt ?? member.leftAt;
  return {
    id: member.id,
    kind: member.kind,
    name: member.name,
    location: member.location,
    version: member.version,
    url: member.url,
    state: memberState(member),
    joined_at: timeText(member.joinedAt),
    seen_at: timeText(member.seenAt),
    seen_seconds_ago: secondsBetween(member.seenAt, readAt),
    lease_until: Number.isFinite(member.until) ? timeText(member.until) : null,
    ended_at: timeTextOrNull(endedAt),
    ended_seconds_ago: endedAt === null ? null : secondsBetween(endedAt, readAt),
    monitors: figures.monitors,
    checks_per_second: figures.checksPerSecond,
    lag_seconds: figures.lagSeconds,
    cpu_cores: figures.cpu,
    missed_slots: figures.missed,
    shares: { ...member.shares },
    duties: [...member.duties],
  };
}

function secondsBetween(from: number, to: number): number {
  return Math.max(0, to - from) / 1000;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
