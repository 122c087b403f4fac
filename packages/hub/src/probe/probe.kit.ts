/** What the tests of this folder share: real parts, servers on port 0, certificates, and one check of raw settings. */
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { TestContext } from "node:test";
import type { CheckKind } from "../model/check-kind.ts";
import { systemClock } from "../model/clock.ts";
import type { Outcome } from "../model/outcome.ts";
import type { Stalls } from "./fault-judge.ts";
import { createProbeParts, type ProbeParts, type ProbeSettings } from "./parts.ts";
import { createCheckKinds } from "./registry.ts";

const noStalls: Stalls = { stalledBetween: () => 0 };

/** Real parts, with some of them replaced. */
export function testParts(
  settings: ProbeSettings = {},
  replaced: Partial<ProbeParts> = {},
  stalls: Stalls = noStalls,
): ProbeParts {
  const outside = { clock: replaced.clock ?? systemClock, stalls, random: Math.random };
  return { ...createProbeParts(settings, outside), ...replaced };
}

/** A kind of the registry, over given parts. */
export function kindOf(name: string, parts: ProbeParts = testParts()): CheckKind {
  const kind = createCheckKinds(parts).get(name);
  if (kind === undefined) throw new TypeError(`no kind ${name}`);
  return kind;
}

/** One check with raw settings, as a monitor would have it made. */
export async function checkOnce(
  kind: CheckKind,
  settings: unknown,
  context: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Outcome> {
  const parsed = kind.parseSettings(settings, "settings");
  if (parsed.kind === "bad") throw new TypeError(JSON.stringify(parsed.problems));
  const probe = kind.createProbe(parsed.value);
  const signal = context.signal ?? new AbortController().signal;
  return await probe({ signal, timeoutMs: context.timeoutMs ?? 5_000 });
}

/** What a server does with each connection. */
type Behaviour = (socket: Socket) => void;

/** Starts a server on a free loopback port that lives as long as the test; gives its port. */
export async function serve(t: TestContext, behaviour: Behaviour, host?: string): Promise<number> {
  return await listen(t, createServer({ allowHalfOpen: true }, tolerant(behaviour)), host);
}

/** The same over TLS. */
export async function serveTls(
  t: TestContext,
  options: TlsOptions,
  behaviour: Behaviour,
): Promise<number> {
  const server = createTlsServer(options, tolerant(behaviour));
  server.on("tlsClientError", () => {});
  return await listen(t, server);
}

function tolerant(behaviour: Behaviour): Behaviour {
  return (socket) => {
    socket.on("error", () => {});
    behaviour(socket);
  };
}

async function listen(t: TestContext, server: Server, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return portOf(server);
}

/** The port a server got. */
export function portOf(server: Server): number {
  return addressOf(server).port;
}

/** Guarantee: only called for servers that listen on a port. */
function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo;
}

/** Answers every request on a connection with the same bytes and closes. */
export function answering(answer: string | Buffer): Behaviour {
  return (socket) => socket.once("data", () => socket.end(answer));
}

/** Accepts and never says a word. */
export const tarpit: Behaviour = (socket) => socket.resume().on("end", () => socket.destroy());

/** A certificate of `testdata/certificates` with its key. */
export function certificate(name: string): { readonly cert: string; readonly key: string } {
  return { cert: pem(`${name}.pem`), key: pem(`${name}.key.pem`) };
}

/** The authority that signed the good ones. */
export function testAuthority(): string {
  return pem("authority.pem");
}

function pem(file: string): string {
  return readFileSync(new URL(`./testdata/certificates/${file}`, import.meta.url), "utf8");
}

/** Waits until a condition holds; throws when it does not within five seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
