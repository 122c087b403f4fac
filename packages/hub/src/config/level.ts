/** Levels of other systems' logs as ours: `WARNING` is `warn`, `CRITICAL` is `fatal`, and case does not matter. */
export function levelOf(text: string): string {
  const lower = text.trim().toLowerCase();
  return otherNames[lower] ?? lower;
}

const otherNames: Readonly<Record<string, string>> = {
  warning: "warn",
  critical: "fatal",
  notset: "trace",
};
