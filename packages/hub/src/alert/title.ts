/** What an incident is called. */
import {
  compareSeverity,
  openTroubles,
  type Incident,
  type Subject,
  type Trouble,
} from "../model/incident.ts";

const longestTitle = 300;

const states: Readonly<Record<string, string>> = {
  monitor_down: "is down",
  monitor_degraded: "is degraded",
  monitor_flapping: "is flapping",
  host_silent: "is silent",
  job_failed: "failed",
  job_lost: "is lost",
  job_late: "is late",
  job_slow: "is slow",
  job_never_started: "never started",
};

/** One line: `api is down`, `web-1 is silent, 40 more are affected`. Of what lasts; of what was, once nothing does. */
export function titleOf(incident: Pick<Incident, "troubles" | "cause">): string {
  const open = openTroubles(incident);
  const troubles = (open.length > 0 ? open : incident.troubles).toSorted(
    (a, b) => compareSeverity(a.severity, b.severity) || a.since - b.since,
  );
  const subjects = new Set(troubles.map(({ subject }) => nameOf(subject)));
  const cause = incident.cause === null ? undefined : nameOf(incident.cause.subject);
  const chosen = troubles.find(({ subject }) => nameOf(subject) === cause) ?? troubles[0];
  if (chosen === undefined) return "";
  const first = flappingOf(chosen, troubles);
  if (subjects.size === 1) return short(stateOf(first));
  const others = subjects.size - 1;
  if (cause === undefined || !subjects.has(cause)) {
    const shared = incident.cause === null ? "" : `: ${incident.cause.why}`;
    return short(`${stateOf(first)}, and ${others} more${shared}`);
  }
  return short(`${stateOf(first)}, ${others} more ${others === 1 ? "is" : "are"} affected`);
}

/** What flaps is down now and up a moment later: that it flaps is the news. */
function flappingOf(chosen: Trouble, troubles: readonly Trouble[]): Trouble {
  const isIt = ({ rule, subject }: Trouble): boolean =>
    rule === "monitor_flapping" && nameOf(subject) === nameOf(chosen.subject);
  return troubles.find(isIt) ?? chosen;
}

function stateOf({ rule, subject, message }: Trouble): string {
  const state = states[rule];
  return state === undefined ? `${subject.name}: ${message}` : `${subject.name} ${state}`;
}

function nameOf({ kind, id }: Subject): string {
  return `${kind}:${id}`;
}

function short(text: string): string {
  if (text.length <= longestTitle) return text;
  return `${text.slice(0, longestTitle - 1).toWellFormed()}…`;
}
