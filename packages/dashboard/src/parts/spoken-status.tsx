/** A status for those who hear a page. */
import type { Status } from "@belfry/contract/status";
import { titleOf } from "./status-words.ts";

/** Is read out when the status changes: what stands around it changes every second. */
export function SpokenStatus({ status }: { status: Status }) {
  return (
    <span class="visually-hidden" role="status">
      {titleOf(status)}
    </span>
  );
}
