/**
 * c-ares reports "no name server could be contacted" whatever kept it from asking. This finds out whether it was this
 * process or machine: a UDP socket is opened and connected, which needs a file handle and a route but sends nothing.
 */
import { createSocket } from "node:dgram";
import { codeOf, faultOfError, type Fault } from "./fault.ts";

/** Reserved for documentation (RFC 5737, RFC 3849): nobody's address, reached by the default route. */
const elsewhere = { udp4: "192.0.2.1", udp6: "2001:db8::1" } as const;

const shortages = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

/** The fault of this process behind a failed look-up; null when it has sockets left. */
export async function shortage(doing: string): Promise<Fault | null> {
  const code = await trouble("udp4");
  return code !== null && shortages.includes(code) ? ownFault(code, doing) : null;
}

/** The fault of this machine behind a failed look-up: a shortage, or no route anywhere; null when there is neither. */
export async function shortageOrNoRoute(doing: string): Promise<Fault | null> {
  const code = await trouble("udp4");
  if (code === null) return null;
  if (shortages.includes(code)) return ownFault(code, doing);
  // A machine may have IPv6 alone.
  return (await trouble("udp6")) === null ? null : ownFault("ENETUNREACH", doing);
}

function ownFault(code: string, doing: string): Fault {
  return faultOfError({ code, syscall: "socket" }, doing);
}

function trouble(type: "udp4" | "udp6"): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket(type);
    let isOver = false;
    const end = (error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      socket.close();
      resolve(error == null ? null : (codeOf(error) ?? "unnamed"));
    };
    socket.on("error", end);
    socket.connect(9, elsewhere[type], end);
  });
}
