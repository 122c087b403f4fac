/** The `ping` programs of the systems: their arguments, and their lines about answers. */
import type { IpAddress } from "./address.ts";

export interface PingRequest {
  readonly count: number;
  readonly intervalSeconds: number;
  readonly payloadBytes: number;
  /** How long to wait for an answer, whole seconds. */
  readonly waitSeconds: number;
}

/** One answer. */
export interface Echo {
  readonly rttMs: number;
  readonly hopLimit: number | null;
}

/** Arguments for an address: numeric, so nothing is looked up by the program. */
export function pingArguments(
  platform: NodeJS.Platform,
  address: IpAddress,
  request: PingRequest,
): readonly string[] {
  const { count, intervalSeconds, payloadBytes, waitSeconds } = request;
  if (platform === "win32") {
    const wait = String(waitSeconds * 1_000);
    const family = address.family === 4 ? "-4" : "-6";
    return [family, "-n", String(count), "-w", wait, "-l", String(payloadBytes), address.text];
  }
  const common = [
    "-n",
    "-c",
    String(count),
    "-i",
    String(intervalSeconds),
    "-s",
    String(payloadBytes),
  ];
  if (platform === "darwin") {
    // ping6 is a program of its own there, and takes no -W.
    return address.family === 4
      ? [...common, "-W", String(waitSeconds * 1_000), address.text]
      : [...common, address.text];
  }
  return [...common, "-W", String(waitSeconds), address.text];
}

/** `64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.041 ms`, `Reply from 10.0.0.1: bytes=32 time<1ms TTL=64`. */
const echoPattern = /\btime[=<]\s*(?<rtt>\d+(?:\.\d+)?)\s*ms/i;
const hopPattern = /\b(?:ttl|hlim|hop limit)=(?<hops>\d+)/i;
const sequencePattern = /\b(?:icmp_)?seq=(?<sequence>\d+)/i;

/** Reads the answers in the output of any of the programs; a duplicate of an answer counts once. */
export function readPing(output: string): Echo[] {
  const echoes: Echo[] = [];
  const seen = new Set<string>();
  for (const line of output.split("\n")) {
    const rtt = echoPattern.exec(line)?.groups?.["rtt"];
    if (rtt === undefined || line.includes("DUP!")) continue;
    const sequence = sequencePattern.exec(line)?.groups?.["sequence"];
    if (sequence !== undefined && seen.has(sequence)) continue;
    if (sequence !== undefined) seen.add(sequence);
    const hops = hopPattern.exec(line)?.groups?.["hops"];
    echoes.push({ rttMs: Number(rtt), hopLimit: hops === undefined ? null : Number(hops) });
  }
  return echoes;
}
