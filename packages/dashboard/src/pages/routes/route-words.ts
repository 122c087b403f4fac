/** What a route does besides telling, in words. */
import type { AlertRouteView } from "@belfry/contract";
import { formatDuration } from "../../format/time.ts";

const dayNames = {
  mon: "Mon",
  tue: "Tue",
  wed: "Wed",
  thu: "Thu",
  fri: "Fri",
  sat: "Sat",
  sun: "Sun",
} as const;

const span = (seconds: number): string => formatDuration(seconds * 1000);

/** `Mon, Tue 08:00–18:00 (UTC)`; null: always. */
export function hoursWords({ active }: Pick<AlertRouteView, "active">): string | null {
  if (active === null) return null;
  const hours = active.hours.map(
    ({ days, from, to }) => `${days.map((day) => dayNames[day]).join(", ")} ${from}–${to}`,
  );
  return `${hours.join("; ")} (${active.timezone})`;
}

/** How it tells, where that differs from telling each incident at once, once, and when it is over. */
export function termsWords(
  route: Pick<
    AlertRouteView,
    | "group_by"
    | "group_wait_seconds"
    | "digest_seconds"
    | "remind_seconds"
    | "most_per_hour"
    | "send_resolved"
  >,
): readonly string[] {
  const { group_by: labels, group_wait_seconds: wait, digest_seconds: digest } = route;
  return [
    ...(labels.length > 0 ? [`together by ${labels.join(", ")}`] : []),
    ...(wait > 0 ? [`waits ${span(wait)} for others`] : []),
    ...(digest === null ? [] : [`a digest every ${span(digest)}`]),
    ...(route.remind_seconds === null ? [] : [`reminds every ${span(route.remind_seconds)}`]),
    ...(route.most_per_hour === 60 ? [] : [`at most ${route.most_per_hour} an hour`]),
    ...(route.send_resolved ? [] : ["not told when it is over"]),
  ];
}
