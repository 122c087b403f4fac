/** A time said relative to now, with the instant as its title; only its own text changes as time passes. */
import { useComputed, useSignal } from "@preact/signals";
import { formatAgo, formatDuration, formatInstant } from "../format/time.ts";
import { useParts } from "../shell/parts.ts";

interface AgoProps {
  /** RFC 3339, as the API has it. */
  readonly at: string;
  /** `ago`: how long ago; `since`: how long it lasts. */
  readonly as?: "ago" | "since";
}

/** `12 s ago`, or `12 s` for a span that lasts. */
export function Ago({ at, as = "ago" }: AgoProps) {
  const { now } = useParts();
  const instant = useSignal(Date.parse(at));
  instant.value = Date.parse(at);
  const text = useComputed(() => {
    const past = now.value - instant.value;
    return as === "ago" ? formatAgo(0, past) : formatDuration(Math.max(0, past));
  });
  return (
    <time dateTime={at} title={formatInstant(Date.parse(at))}>
      {text}
    </time>
  );
}
