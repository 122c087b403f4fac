/** Asks machines whether they are there, without asking them for anything: any answer will do. */
import { Resolver as DnsResolver } from "node:dns";
import { connect } from "node:net";
import { codeOf } from "./fault.ts";

/** A machine that says that the network works by answering. */
export interface Witness {
  readonly kind: "anchor" | "gateway" | "name_server" | "target";
  readonly address: string;
  /** Whether it answers within the time, ms. Never rejects. */
  answers(limitMs: number): Promise<boolean>;
}

/** How witnesses are made of addresses. */
export interface WitnessMakers {
  gateway(address: string): Witness;
  /** It answers whatever it is asked, also that it does not want to. */
  nameServer(address: string): Witness;
  /** A target that answered lately. */
  target(address: string, port: number): Witness;
}

/** Ports of which a gateway accepts or refuses one, unless it drops everything. */
const gatewayPorts = [53, 80, 443];

/** The real ones. */
export const witnessMakers: WitnessMakers = {
  gateway: (address) => ({
    kind: "gateway",
    address,
    answers: (limitMs) => anyOf(gatewayPorts.map((port) => knock(address, port, limitMs))),
  }),
  nameServer: (address) => ({
    kind: "name_server",
    address,
    answers: (limitMs) => isAnsweredBy(address, limitMs),
  }),
  target: (address, port) => ({
    kind: "target",
    address,
    answers: (limitMs) => knock(address, port, limitMs),
  }),
};

/** Whether one of the answers is yes, as soon as that is known. */
export async function anyOf(answers: readonly Promise<boolean>[]): Promise<boolean> {
  const yes = answers.map(async (answer) => {
    if (!(await answer)) throw new Error("no answer");
    return true;
  });
  return Promise.any(yes).catch(() => false);
}

/** Whether a connection is accepted or refused within the time; nothing is sent. */
export function knock(address: string, port: number, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, autoSelectFamily: false });
    const end = (answered: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(() => end(false), limitMs);
    socket.on("connect", () => end(true));
    socket.on("error", (error) => end(isAnswer(codeOf(error))));
  });
}

/** Whether an error of a connection came from the other side. */
export function isAnswer(code: string | null): boolean {
  return code === "ECONNREFUSED" || code === "ECONNRESET";
}

/** Codes of c-ares that say that nobody answered. */
const noAnswer: ReadonlySet<string | null> = new Set([
  null,
  "ETIMEOUT",
  "ECONNREFUSED",
  "ECANCELLED",
  "EFILE",
  "ENOMEM",
  "EDESTRUCTION",
]);

function isAnsweredBy(address: string, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const resolver = new DnsResolver({ timeout: limitMs, tries: 1 });
    resolver.setServers([address]);
    const timer = setTimeout(() => resolver.cancel(), limitMs);
    resolver.resolveNs(".", (error) => {
      clearTimeout(timer);
      resolve(error === null || !noAnswer.has(codeOf(error)));
    });
  });
}
