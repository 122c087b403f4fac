/** One DNS question through c-ares, and its records as text in the manner of `dig +short`. */
import { Resolver, type CaaRecord, type MxRecord, type SoaRecord, type SrvRecord } from "node:dns";
import { parseAddress, hostAndPort, type IpAddress } from "./address.ts";
import type { Deadline } from "./deadline.ts";
import { codeOf, failed, faultOf, faultOfDns, type Attempt, type Fault } from "./fault.ts";

/** Record types that can be asked for. */
export const recordTypes = [
  "A",
  "AAAA",
  "CNAME",
  "MX",
  "TXT",
  "SRV",
  "CAA",
  "NS",
  "SOA",
  "PTR",
] as const;
export type RecordType = (typeof recordTypes)[number];

export interface Answer {
  /** In normal form, sorted. */
  readonly records: readonly string[];
  /** Of a SOA record. */
  readonly serial: number | null;
}

/** A name server that does not answer is asked again after this time, which doubles with each try. */
const retryAfterMs = 2_000;
const tries = 3;

/** Asks; `server` null: the system's name servers. Nothing is cached. */
export function queryRecords(
  name: string,
  type: RecordType,
  server: { readonly address: IpAddress; readonly port: number } | null,
  deadline: Deadline,
): Promise<Attempt<Answer>> {
  const resolver = new Resolver({ timeout: retryAfterMs, tries });
  if (server !== null) {
    const host = { kind: "address", address: server.address } as const;
    resolver.setServers([hostAndPort(host, server.port)]);
  }
  return new Promise((resolve) => {
    let isOver = false;
    const done = (error: Error | null, answer: () => Answer): void => {
      if (isOver) return;
      isOver = true;
      deadline.waited();
      if (error === null) resolve({ kind: "ok", value: answer() });
      else resolve(failed(queryFault(error, name, type, server !== null)));
    };
    ask(resolver, name, type, done);
    deadline.wait(`ask for ${name} ${type}`, (fault) => {
      isOver = true;
      resolver.cancel();
      resolve(failed(fault));
    });
  });
}

/** A chosen name server is the target itself, so that it does not answer is not a failed look-up. */
function queryFault(error: Error, name: string, type: RecordType, isChosen: boolean): Fault {
  const code = codeOf(error);
  if (isChosen && code === "ETIMEOUT") {
    return faultOf("timeout", "no answer from the name server", "stall and network", code);
  }
  if (isChosen && code === "ECONNREFUSED") {
    return faultOf("refused", "the name server refused the connection", "none", code);
  }
  return faultOfDns(error, `${name} ${type}`);
}

type Done = (error: Error | null, answer: () => Answer) => void;

function ask(resolver: Resolver, name: string, type: RecordType, done: Done): void {
  const texts = (error: Error | null, records: readonly string[]): void =>
    done(error, () => plain(records.map((record) => normalRecord(type, record))));
  switch (type) {
    case "A":
      return resolver.resolve4(name, texts);
    case "AAAA":
      return resolver.resolve6(name, texts);
    case "CNAME":
      return resolver.resolveCname(name, texts);
    case "NS":
      return resolver.resolveNs(name, texts);
    case "PTR":
      return resolver.resolvePtr(name, texts);
    case "TXT":
      return resolver.resolveTxt(name, (error, records) =>
        done(error, () => plain(records.map((chunks) => chunks.join("")))),
      );
    case "MX":
      return resolver.resolveMx(name, (error, records) =>
        done(error, () => plain(records.map(mxText))),
      );
    case "SRV":
      return resolver.resolveSrv(name, (error, records) =>
        done(error, () => plain(records.map(srvText))),
      );
    case "CAA":
      return resolver.resolveCaa(name, (error, records) =>
        done(error, () => plain(records.flatMap(caaTexts))),
      );
    case "SOA":
      return resolver.resolveSoa(name, (error, record) =>
        done(error, () => ({ records: [soaText(record)], serial: record.serial })),
      );
  }
}

function plain(records: readonly string[]): Answer {
  return { records: records.toSorted(), serial: null };
}

function mxText({ priority, exchange }: MxRecord): string {
  return normalRecord("MX", `${priority} ${exchange}`);
}

function srvText({ priority, weight, port, name }: SrvRecord): string {
  return normalRecord("SRV", `${priority} ${weight} ${port} ${name}`);
}

function soaText(soa: SoaRecord): string {
  const numbers = [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minttl].join(" ");
  return normalRecord("SOA", `${soa.nsname} ${soa.hostmaster} ${numbers}`);
}

function caaTexts({ critical, ...tags }: CaaRecord): string[] {
  return Object.entries(tags)
    .filter(([, value]) => typeof value === "string")
    .map(([tag, value]) => normalRecord("CAA", `${critical} ${tag} ${value}`));
}

/** One way to write a record, so that what a person writes and what a server sends compare. Text records stay as they are. */
export function normalRecord(type: RecordType, text: string): string {
  if (type === "TXT") return text;
  const words = text.trim().toLowerCase().replaceAll('"', "").split(/\s+/);
  return words.map(normalWord).join(" ");
}

function normalWord(word: string): string {
  const address = parseAddress(word);
  if (address !== undefined) return address.text;
  return word.length > 1 && word.endsWith(".") ? word.slice(0, -1) : word;
}
