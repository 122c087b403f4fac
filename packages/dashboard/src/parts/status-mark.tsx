/** The shape of a status, with or without its word. */
import type { Status } from "@belfry/contract/status";
import { shapeOf, titleOf } from "./status-words.ts";
import "./status-mark.css";

/** The shape alone: for where the word stands beside it. */
export function StatusMark({ status }: { status: Status }) {
  return (
    <svg class={`status-mark is-${status}`} viewBox="0 0 12 12" aria-hidden="true">
      <path fill-rule="evenodd" d={shapeOf(status)} />
    </svg>
  );
}

/** The shape and the word. */
export function StatusLabel({ status }: { status: Status }) {
  return (
    <span class={`status-label is-${status}`}>
      <StatusMark status={status} />
      {titleOf(status)}
    </span>
  );
}
