/** The judged states of a monitor. */
export const statuses = [
  "pending",
  "up",
  "degraded",
  "down",
  "unknown",
  "maintenance",
  "paused",
] as const;

/** The judged state of a monitor; `unknown`, `paused`, `pending` and `maintenance` count neither as up nor as down time. */
export type Status = (typeof statuses)[number];
