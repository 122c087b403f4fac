/** How bad something is; the worst first. */
export const severities = ["critical", "warning", "info"] as const;
export type Severity = (typeof severities)[number];
