/**
 * From a host to a connected socket: look the name up, ask the guard about each address, connect. The address the guard
 * saw is the address that is dialled. Where a name has several addresses, the next is tried when one cannot be
 * connected to; IPv4 goes first, IPv6 when there is no IPv4 address or none of them connects.
 */
import { connect, type Socket } from "node:net";
import type { Clock } from "../model/clock.ts";
import { hostAndPort, parseAddress, type Host, type IpAddress } from "./address.ts";
import type { Deadline } from "./deadline.ts";
import { failed, faultOf, faultOfError, timeoutFault, type Attempt, type Fault } from "./fault.ts";
import type { Guard } from "./guard.ts";
import type { Resolver } from "./resolver.ts";
import { isAnswer } from "./witness.ts";

/** Which addresses a check may use. */
export type IpVersion = "any" | "4" | "6";

export interface DialParts {
  readonly clock: Clock;
  readonly resolver: Resolver;
  readonly guard: Guard;
  /** Told of what answers; left out: nobody wants to know. */
  readonly network?: { answered(address: string, port: number | null): void };
}

/** Filled in while dialling, so that a failure still shows how far it came. Times in ms. */
export interface DialReport {
  resolveMs: number;
  connectMs: number;
  /** The address that was connected to, or that the fault is about. */
  address: IpAddress | null;
}

/** Connects to a host. The socket has an error listener, is paused and belongs to the caller. */
export async function dial(
  host: Host,
  port: number,
  ipVersion: IpVersion,
  deadline: Deadline,
  parts: DialParts,
  report: DialReport,
): Promise<Attempt<Socket>> {
  let worst: Fault | null = null;
  let worstAddress: IpAddress | null = null;
  for (const family of familiesOf(host, ipVersion)) {
    const found = await addressesOf(host, family, deadline, parts, report);
    if (found.kind === "fault") {
      if (worst === null || worst.code === "ENODATA") worst = found.fault;
      if (mayHaveOtherFamily(found.fault)) continue;
      break;
    }
    const tried = await tryEach(found.value, port, deadline, parts, report);
    if (tried.kind === "ok") return tried;
    if (worst === null || isWeaker(worst)) {
      worst = tried.fault;
      worstAddress = found.value[0] ?? null;
    }
    if (deadline.fault() !== null) break;
  }
  // What is reported is the first address that failed, not the last one tried.
  report.address = worstAddress ?? report.address;
  return failed(worst ?? noAddress);
}

/** The addresses a host may be dialled at, after the guard; at least one. */
async function addressesOf(
  host: Host,
  family: 4 | 6,
  deadline: Deadline,
  parts: DialParts,
  report: DialReport,
): Promise<Attempt<readonly IpAddress[]>> {
  if (host.kind === "address") return guarded([host.address], parts.guard);
  const before = parts.clock.monotonicMs();
  const found = await parts.resolver.resolve(host.name, family, deadline);
  report.resolveMs += parts.clock.monotonicMs() - before;
  if (found.kind === "fault") return found;
  return guarded(
    found.value.map(parseAddress).filter((address) => address !== undefined),
    parts.guard,
  );
}

/** The first address a host may be reached at, for what is not dialled by us. */
export async function resolveHost(
  host: Host,
  ipVersion: IpVersion,
  deadline: Deadline,
  parts: DialParts,
  report: DialReport,
): Promise<Attempt<IpAddress>> {
  let worst: Fault | null = null;
  for (const family of familiesOf(host, ipVersion)) {
    const found = await addressesOf(host, family, deadline, parts, report);
    if (found.kind === "fault") {
      if (worst === null || worst.code === "ENODATA") worst = found.fault;
      if (!mayHaveOtherFamily(found.fault)) break;
      continue;
    }
    const [first] = found.value;
    if (first !== undefined) {
      deadline.about = first.text;
      return { kind: "ok", value: first };
    }
  }
  return failed(worst ?? noAddress);
}

const noAddress = faultOf("dns", "there is no address of the kind asked for");

/** The families to try for a host, in order. */
function familiesOf(host: Host, ipVersion: IpVersion): readonly (4 | 6)[] {
  if (host.kind === "address") return [host.address.family];
  if (ipVersion === "4") return [4];
  if (ipVersion === "6") return [6];
  return [4, 6];
}

/** Whether the other family is worth a look-up: the name exists, but not with an address of this family. */
function mayHaveOtherFamily(fault: Fault): boolean {
  return fault.code === "ENODATA" || fault.reason === "guard";
}

/** Whether a later fault says more: no data of one family, or no route for it. */
function isWeaker(fault: Fault): boolean {
  return fault.code === "ENODATA" || fault.reason === "own_network";
}

function guarded(addresses: readonly IpAddress[], guard: Guard): Attempt<readonly IpAddress[]> {
  const open: IpAddress[] = [];
  let why: string | undefined;
  for (const address of addresses) {
    const refusal = guard(address);
    if (refusal === undefined) open.push(address);
    else why ??= refusal;
  }
  if (open.length > 0) return { kind: "ok", value: open };
  return failed(faultOf("guard", why ?? "there is no usable address"));
}

async function tryEach(
  addresses: readonly IpAddress[],
  port: number,
  deadline: Deadline,
  parts: DialParts,
  report: DialReport,
): Promise<Attempt<Socket>> {
  let first: Fault | null = null;
  for (const [i, address] of addresses.entries()) {
    const left = addresses.length - i;
    // An address that swallows packets must not use up the time of those behind it.
    const shareMs = left > 1 ? deadline.remainingMs() / left : null;
    const before = parts.clock.monotonicMs();
    report.address = address;
    deadline.about = address.text;
    const attempt = await connectTo(address, port, deadline, shareMs);
    report.connectMs += parts.clock.monotonicMs() - before;
    if (attempt.kind === "ok" || isAnswer(attempt.fault.code)) {
      parts.network?.answered(address.text, port);
    }
    if (attempt.kind === "ok") return attempt;
    first ??= attempt.fault;
    if (deadline.fault() !== null) return attempt;
  }
  return failed(first ?? faultOf("internal", "there was no address to dial"));
}

function connectTo(
  address: IpAddress,
  port: number,
  deadline: Deadline,
  shareMs: number | null,
): Promise<Attempt<Socket>> {
  const doing = `connect to ${hostAndPort({ kind: "address", address }, port)}`;
  return new Promise((resolve) => {
    const socket = connect({
      host: address.text,
      port,
      family: address.family,
      autoSelectFamily: false,
    });
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const settle = (attempt: Attempt<Socket>): void => {
      // The error listener stays for the life of the socket, but the deadline serves somebody else by then.
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      deadline.waited();
      if (attempt.kind === "fault") socket.destroy();
      resolve(attempt);
    };
    socket.on("error", (error) => settle(failed(faultOfError(error, doing))));
    socket.on("connect", () => settle({ kind: "ok", value: socket }));
    if (shareMs !== null) {
      timer = setTimeout(() => settle(failed(timeoutFault(doing, shareMs))), shareMs);
    }
    deadline.wait(doing, (fault) => settle(failed(fault)));
  });
}
