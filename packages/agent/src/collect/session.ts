/** A session of logind: `/run/systemd/sessions/<id>`, lines of `KEY=value`; what libsystemd's `sd_session_*` reads. */
import type { HostDetails } from "@belfry/contract";
import { hostText, hostTextOrNone, present } from "./host-text.ts";

export interface Session {
  /** `seat0`; empty: none. */
  readonly seat: string;
  readonly isRemote: boolean;
  /** tty, x11, wayland, web, unspecified … */
  readonly type: string;
  /** user, greeter, manager, background … */
  readonly kind: string;
  /** The person it belongs to; undefined where it is no person's or is closing. */
  readonly user: NonNullable<HostDetails["users"]>[number] | undefined;
}

/** Parses the file of a session. */
export function parseSession(text: string): Session {
  const values = new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at <= 0 || line.startsWith("#") ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  const value = (key: string): string => hostText(values.get(key) ?? "", 128);
  const name = hostTextOrNone(values.get("USER"), 256);
  // `user-early` and `user-incomplete` are a person's, too; `user-light` has no manager of its own.
  const isPerson = value("CLASS").startsWith("user") && value("STATE") !== "closing";
  const user = present<NonNullable<Session["user"]>>({
    name: name ?? "",
    terminal: hostTextOrNone(values.get("TTY"), 64),
    from: hostTextOrNone(values.get("REMOTE_HOST")),
    since: timeText(values.get("REALTIME")),
  });
  return {
    seat: value("SEAT"),
    isRemote: values.get("REMOTE") === "1",
    type: value("TYPE"),
    kind: value("CLASS"),
    user: isPerson && name !== undefined ? user : undefined,
  };
}

/** Microseconds since 1970 as RFC 3339. */
function timeText(microseconds: string | undefined): string | undefined {
  const ms = microseconds === undefined ? Number.NaN : Math.trunc(Number(microseconds) / 1000);
  return ms > 0 && ms < 8e15 ? new Date(ms).toISOString() : undefined;
}
