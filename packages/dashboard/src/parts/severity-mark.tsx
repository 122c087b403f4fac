/** A severity as its mark and its word. */
import type { Severity } from "@belfry/contract";
import { severityStatus, severityTitle } from "./severity-words.ts";
import { StatusMark } from "./status-mark.tsx";

interface SeverityProps {
  readonly severity: Severity;
  /** What is over keeps its word, and gets a quiet mark. */
  readonly isOver?: boolean;
}

/** Draws both. */
export function SeverityLabel({ severity, isOver = false }: SeverityProps) {
  const status = isOver ? "up" : severityStatus(severity);
  return (
    <span class={`status-label is-${status}`}>
      <StatusMark status={status} />
      {severityTitle(severity)}
    </span>
  );
}
