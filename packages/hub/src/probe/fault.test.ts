import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../model/clock.ts";
import { createFaultJudge, type FaultJudgeParts } from "./fault-judge.ts";
import { faultOf, faultOfDns, faultOfError, timeoutFault, type Fault } from "./fault.ts";

const connect = (code: string): Fault =>
  faultOfError(Object.assign(new Error("x"), { code, syscall: "connect" }), "connect to db:1");
const lookUp = (code: string): Fault => faultOfDns(Object.assign(new Error("x"), { code }), "db");

/** DESIGN section 4, row by row: the fault, and whose it is while Belfry's own network is there and while it is gone. */
const rows: readonly (readonly [says: string, fault: Fault, answering: string, cutOff: string])[] =
  [
    ["EMFILE", connect("EMFILE"), "internal", "internal"],
    ["ENFILE", connect("ENFILE"), "internal", "internal"],
    ["ENOBUFS", connect("ENOBUFS"), "internal", "internal"],
    ["ENOMEM", connect("ENOMEM"), "internal", "internal"],
    ["EADDRNOTAVAIL", connect("EADDRNOTAVAIL"), "internal", "internal"],
    ["EAGAIN", connect("EAGAIN"), "internal", "internal"],
    ["a defect of ours", faultOfError(new TypeError("x"), "read"), "internal", "internal"],
    ["a misused API", connectWithoutSyscall("ERR_INVALID_ARG_TYPE"), "internal", "internal"],
    ["something thrown that is no error", faultOfError("x", "read"), "internal", "internal"],
    ["EACCES", connect("EACCES"), "misconfigured", "misconfigured"],
    ["EPERM", connect("EPERM"), "misconfigured", "misconfigured"],
    ["EINVAL", connect("EINVAL"), "misconfigured", "misconfigured"],
    ["ENETUNREACH", connect("ENETUNREACH"), "own_network", "own_network"],
    ["ENETDOWN", connect("ENETDOWN"), "own_network", "own_network"],
    ["EAFNOSUPPORT", connect("EAFNOSUPPORT"), "own_network", "own_network"],
    ["a time limit that passed", timeoutFault("connect", 1_000), "timeout", "own_network"],
    ["ETIMEDOUT", connect("ETIMEDOUT"), "timeout", "own_network"],
    ["ECONNREFUSED", connect("ECONNREFUSED"), "refused", "refused"],
    ["ECONNRESET", connect("ECONNRESET"), "reset", "reset"],
    ["EPIPE", connect("EPIPE"), "reset", "reset"],
    ["ECONNABORTED", connect("ECONNABORTED"), "reset", "reset"],
    ["EHOSTUNREACH", connect("EHOSTUNREACH"), "unreachable", "own_network"],
    ["EHOSTDOWN", connect("EHOSTDOWN"), "unreachable", "own_network"],
    ["any other system error", connect("ENOPROTOOPT"), "unreachable", "unreachable"],
    ["EPROTO", connect("EPROTO"), "tls", "tls"],
    ["an OpenSSL error", connect("ERR_SSL_WRONG_VERSION_NUMBER"), "tls", "tls"],
    ["NXDOMAIN", lookUp("ENOTFOUND"), "dns", "dns"],
    ["no such record", lookUp("ENODATA"), "dns", "dns"],
    ["SERVFAIL", lookUp("ESERVFAIL"), "dns", "own_network"],
    ["EAI_AGAIN", lookUp("EAI_AGAIN"), "dns", "own_network"],
    ["REFUSED by the name server", lookUp("EREFUSED"), "dns", "own_network"],
    ["name servers that do not answer", lookUp("ETIMEOUT"), "dns", "own_network"],
    ["name servers that are not there", lookUp("ECONNREFUSED"), "dns", "own_network"],
    ["any other DNS error", lookUp("EBADRESP"), "dns", "own_network"],
    ["no memory for a look-up", lookUp("ENOMEM"), "internal", "internal"],
    ["a defect in a look-up", lookUp("ERR_INVALID_ARG_TYPE"), "internal", "internal"],
    ["a status", faultOf("status", "status 500"), "status", "status"],
    ["an assertion", faultOf("assertion", "no"), "assertion", "assertion"],
    ["a certificate", faultOf("tls", "expired"), "tls", "tls"],
    ["the guard", faultOf("guard", "no"), "guard", "guard"],
  ];

function connectWithoutSyscall(code: string): Fault {
  return faultOfError(Object.assign(new Error("x"), { code }), "connect");
}

/** Belfry's own network, there or gone, and what it was asked. */
function network(isGone: boolean) {
  const doubts: { readonly about: string | null }[] = [];
  return {
    doubts,
    limitMs: 500,
    prepare() {},
    async isGone(doubt: { readonly about: string | null }) {
      doubts.push(doubt);
      return isGone;
    },
  };
}

async function judged(
  fault: Fault,
  found: FaultJudgeParts["network"],
  stalledMs = 0,
  limitMs = 1_000,
): Promise<Fault> {
  const stalls = { stalledBetween: () => stalledMs };
  const judge = createFaultJudge({ clock: systemClock, stalls, network: found });
  const startedMs = systemClock.monotonicMs() - limitMs;
  return await judge.judge(fault, { startedMs, limitMs, waitMs: 0, about: "192.0.2.1" });
}

for (const [says, fault, answering, cutOff] of rows) {
  test(`${says} is ${answering} while Belfry's network is there`, async () => {
    assert.equal((await judged(fault, network(false))).reason, answering);
  });
  test(`${says} is ${cutOff} while it is gone`, async () => {
    assert.equal((await judged(fault, network(true))).reason, cutOff);
  });
}

test("that there is no route makes Belfry look whether its network is gone as a whole", async () => {
  const found = network(false);
  await judged(connect("ENETUNREACH"), found);
  assert.deepEqual(
    found.doubts.map(({ about }) => about),
    ["192.0.2.1"],
  );
});

/** How long the loop stood still during a check of a given limit, and what becomes of a fault. */
const stalls: readonly (readonly [
  fault: Fault,
  stalledMs: number,
  limitMs: number,
  reason: string,
])[] = [
  [timeoutFault("connect", 1_000), 0, 1_000, "timeout"],
  [timeoutFault("connect", 1_000), 100, 1_000, "timeout"],
  [timeoutFault("connect", 1_000), 101, 1_000, "internal"],
  [timeoutFault("connect", 100), 50, 100, "timeout"],
  [timeoutFault("connect", 100), 51, 100, "internal"],
  [timeoutFault("connect", 60_000), 3_000, 60_000, "timeout"],
  [lookUp("ETIMEOUT"), 500, 1_000, "internal"],
  [connect("ECONNRESET"), 500, 1_000, "internal"],
  [connect("ECONNREFUSED"), 500, 1_000, "refused"],
  [lookUp("ENOTFOUND"), 500, 1_000, "dns"],
  [faultOf("status", "status 500"), 900, 1_000, "status"],
  [faultOf("assertion", "too slow", "stall"), 500, 1_000, "internal"],
];

for (const [fault, stalledMs, limitMs, reason] of stalls) {
  test(`${fault.message} after a stall of ${stalledMs} of ${limitMs} ms is ${reason}`, async () => {
    assert.equal((await judged(fault, network(false), stalledMs, limitMs)).reason, reason);
  });
}
