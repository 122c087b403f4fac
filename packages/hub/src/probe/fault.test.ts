import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../model/clock.ts";
import type { Anchors } from "./anchor.ts";
import { createFaultJudge } from "./fault-judge.ts";
import { faultOf, faultOfDns, faultOfError, timeoutFault, type Fault } from "./fault.ts";

const connect = (code: string): Fault =>
  faultOfError(Object.assign(new Error("x"), { code, syscall: "connect" }), "connect to db:1");
const lookUp = (code: string): Fault => faultOfDns(Object.assign(new Error("x"), { code }), "db");

/** DESIGN section 4, row by row: the fault, and whose it is while the anchors answer and while they do not. */
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
    ["EHOSTUNREACH", connect("EHOSTUNREACH"), "unreachable", "unreachable"],
    ["EHOSTDOWN", connect("EHOSTDOWN"), "unreachable", "unreachable"],
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

function anchors(answers: boolean, limitMs = 500): Anchors {
  const answer = async (): Promise<boolean> => answers;
  return { limitMs, answer, answerWithin: answer };
}

async function judged(
  fault: Fault,
  found: Anchors,
  stalledMs = 0,
  limitMs = 1_000,
): Promise<Fault> {
  const stalls = { stalledBetween: () => stalledMs };
  const judge = createFaultJudge({ clock: systemClock, stalls, anchors: found });
  return await judge.judge(fault, systemClock.monotonicMs() - limitMs, limitMs, 0);
}

for (const [says, fault, answering, cutOff] of rows) {
  test(`${says} is ${answering} while the anchors answer`, async () => {
    assert.equal((await judged(fault, anchors(true))).reason, answering);
  });
  test(`${says} is ${cutOff} while no anchor answers`, async () => {
    assert.equal((await judged(fault, anchors(false))).reason, cutOff);
  });
}

test("without anchors, Belfry's own network is taken to be fine", async () => {
  const fault = timeoutFault("connect", 1_000);
  assert.equal((await judged(fault, anchors(true, 0))).reason, "timeout");
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
    assert.equal((await judged(fault, anchors(true), stalledMs, limitMs)).reason, reason);
  });
}
