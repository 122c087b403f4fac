/** Errors below `/api/push`, as Uptime Kuma words them. */
import { errorTable } from "@belfry/contract";
import { publicDetail, type Failure } from "../../problem.ts";

/** The body of an error. */
export function pushErrorOf({ error }: Failure): { readonly ok: false; readonly msg: string } {
  return { ok: false, msg: publicDetail(error) || errorTable[error.code].title };
}
