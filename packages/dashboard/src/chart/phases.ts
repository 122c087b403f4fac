/** The phases of a check, in the order in which they happen. */

/** Words and colours of phases; `color` is a custom property of the style sheet. */
const known = [
  { key: "resolve", title: "Resolve", color: "--phase-resolve" },
  { key: "connect", title: "Connect", color: "--phase-connect" },
  { key: "tls", title: "TLS", color: "--phase-tls" },
  { key: "processing", title: "First byte", color: "--phase-processing" },
  { key: "transfer", title: "Transfer", color: "--phase-transfer" },
] as const;

const others = ["--phase-processing", "--phase-connect", "--phase-tls", "--phase-resolve"] as const;

export interface Phase {
  readonly key: string;
  readonly title: string;
  readonly color: string;
}

/** The key of the one column where a kind measures no phases. */
export const wholeKey = "response";

const locationPrefix = "from ";

/** The key of what was measured at a location, of a monitor that has several. */
export function locationKey(location: string): string {
  return `${locationPrefix}${location}`;
}

/** Whether a key is that of a location: its line stands for itself, and is no part of a whole. */
export function isLocationKey(key: string): boolean {
  return key.startsWith(locationPrefix);
}

/** The key of the highest of each bucket. */
export const slowestKey = "slowest";

/** Phases for the keys that were measured, known ones first and in order. */
export function phasesOf(keys: readonly string[]): readonly Phase[] {
  const ours = known.filter(({ key }) => keys.includes(key));
  const rest = keys
    .filter((key) => key !== slowestKey && known.every((phase) => phase.key !== key))
    .toSorted();
  return [
    ...ours,
    ...rest.map((key, i) => ({
      key,
      title: sentence(key),
      color: others[i % others.length] ?? others[0],
    })),
  ];
}

/** Phases of one check, from its measurements (`…_duration_seconds{phase="tls"}`); seconds. */
export function phaseSeconds(
  measurements: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const phases: Record<string, number> = {};
  for (const [name, value] of Object.entries(measurements)) {
    const phase = /\{phase="([^"]+)"\}$/.exec(name)?.[1];
    if (phase !== undefined && Number.isFinite(value)) phases[phase] = value;
  }
  return phases;
}

function sentence(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");
}
