/** Wire shape of `/api/v1/fleet`: the processes that share the database, and how the work is spread over them. */
import { Type, type Static } from "typebox";
import { TimeSchema } from "./monitor.ts";

/** How many shares there are of each kind; the fleet's own counts are the same. */
export const fleetShareCounts = { check: 256, hear: 64 } as const;

/** How a process fares. */
export const fleetStates = ["alive", "late", "lapsed", "left"] as const;
export type FleetState = (typeof fleetStates)[number];

/** What one hub does for all. */
export const fleetDuties = ["rules", "upkeep", "runs"] as const;
export type FleetDuty = (typeof fleetDuties)[number];

const timeOrNull = Type.Union([TimeSchema, Type.Null()]);
const sharesSchema = {
  check: Type.Integer({
    description: `Of monitors that are checked; ${fleetShareCounts.check} in all`,
  }),
  hear: Type.Integer({
    description: `Of hosts and heartbeats, which are waited for; ${fleetShareCounts.hear} in all`,
  }),
};
const dutiesSchema = Type.Array(Type.Enum([...fleetDuties]), {
  description:
    "What one hub does for all: rules over series, the upkeep of history, lost and late runs of jobs",
});

export const FleetMemberSchema = Type.Object({
  id: Type.String({ format: "uuid", description: "New with every start" }),
  kind: Type.Enum(["hub", "worker"]),
  name: Type.String({ description: "Its machine and its process number" }),
  location: Type.String(),
  version: Type.String(),
  url: Type.Union([Type.String(), Type.Null()], {
    description: "Where its API or its health is asked for; null: nowhere",
  }),
  state: Type.Enum([...fleetStates], {
    description:
      "`alive`; `late`: it missed two renewals of its lease; `lapsed`: it was taken for dead; `left`: it ended in order. The last two are told of for an hour",
  }),
  joined_at: TimeSchema,
  seen_at: TimeSchema,
  seen_seconds_ago: Type.Number({ description: "By the database's clock" }),
  lease_until: Type.Union([TimeSchema, Type.Null()], {
    description: "When its lease ends unless it is renewed; null: it needs none",
  }),
  ended_at: timeOrNull,
  ended_seconds_ago: Type.Union([Type.Number(), Type.Null()], {
    description: "Since it lapsed or left; null: it did not",
  }),
  monitors: Type.Integer({ description: "Monitors it looks after" }),
  checks_per_second: Type.Number(),
  lag_seconds: Type.Number({
    description: "How late its checks begin, the largest of the last minute",
  }),
  cpu_cores: Type.Number(),
  missed_slots: Type.Integer({
    description: "Checks that nobody made because they fell into a take-over, since it joined",
  }),
  shares: Type.Object(sharesSchema),
  duties: dutiesSchema,
});
export type FleetMemberView = Static<typeof FleetMemberSchema>;

export const FleetSchema = Type.Object({
  clustered: Type.Boolean({
    description: "false on SQLite: one process has everything and needs no lease",
  }),
  answered_by: Type.String({ format: "uuid", description: "The member that answers" }),
  members: Type.Array(FleetMemberSchema),
  checks_per_second: Type.Number({ description: "Of all that are alive or late" }),
  missed_slots: Type.Integer({ description: "Of all members" }),
  unheld: Type.Object(
    { ...sharesSchema, duties: dutiesSchema },
    { description: "What nobody holds at present" },
  ),
  versions: Type.Array(Type.String(), {
    description: "Releases that run; more than one during an upgrade",
  }),
});
export type FleetView = Static<typeof FleetSchema>;
