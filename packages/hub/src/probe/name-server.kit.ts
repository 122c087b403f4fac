/**
 * A small name server for tests, over UDP and TCP, strict about what it is asked: one question of class IN in a query
 * that breaks no rule of RFC 1035, or it answers FORMERR and counts the query as bad.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { addressBytes, parseAddress } from "./address.ts";
import { portOf } from "./probe.kit.ts";

/** An answer: records in the words of a zone file, a code, or silence. */
export type Reply =
  | { readonly records: readonly string[]; readonly isTruncatedOverUdp?: boolean }
  | { readonly code: "FORMERR" | "SERVFAIL" | "NXDOMAIN" | "REFUSED" }
  | "silence";

export interface NameServer {
  readonly port: number;
  /** What was asked, as `name TYPE protocol`, in order. */
  readonly asked: string[];
  readonly bad: string[];
}

const types = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  CAA: 257,
};
const codes = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

/** Starts a server that lives as long as the test (or what else `t` is). */
export async function serveNames(
  t: { after(end: () => Promise<void>): void },
  reply: (name: string, type: string) => Reply,
): Promise<NameServer> {
  const server: NameServer = { port: 0, asked: [], bad: [] };
  const tcp = createServer((socket) => serveTcp(socket, server, reply));
  const udp = await listenOnBoth(tcp);
  udp.on("message", (query, peer) => {
    const answer = answerTo(query, "udp", server, reply);
    if (answer !== null) udp.send(answer, peer.port, peer.address);
  });
  t.after(async () => {
    await new Promise<void>((resolve) => udp.close(resolve));
    await new Promise((resolve) => tcp.close(resolve));
  });
  return Object.assign(server, { port: portOf(tcp) });
}

/** A port that is free for both protocols is found by trying. */
async function listenOnBoth(tcp: Server): Promise<UdpSocket> {
  for (let tries = 0; tries < 50; tries += 1) {
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const udp = createSocket("udp4");
    const isBound = await new Promise<boolean>((resolve) => {
      udp.once("error", () => resolve(false));
      udp.bind(portOf(tcp), "127.0.0.1", () => resolve(true));
    });
    if (isBound) return udp;
    udp.close();
    await new Promise((resolve) => tcp.close(resolve));
  }
  throw new Error("no port is free for both UDP and TCP");
}

function serveTcp(
  socket: Socket,
  server: NameServer,
  reply: (name: string, type: string) => Reply,
): void {
  let heard = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes]);
    while (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0)) {
      const end = 2 + heard.readUInt16BE(0);
      const answer = answerTo(heard.subarray(2, end), "tcp", server, reply);
      heard = heard.subarray(end);
      if (answer === null) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    }
  });
}

function answerTo(
  query: Buffer,
  protocol: "udp" | "tcp",
  server: NameServer,
  reply: (name: string, type: string) => Reply,
): Buffer | null {
  const question = questionOf(query);
  if (typeof question === "string") {
    server.bad.push(question);
    return query.length < 12
      ? null
      : message(query, query.subarray(12, 12), codes.FORMERR, [], false);
  }
  server.asked.push(`${question.name} ${question.type} ${protocol}`);
  const said = reply(question.name, question.type);
  if (said === "silence") return null;
  if ("code" in said) return message(query, question.bytes, codes[said.code], [], false);
  const isCut = protocol === "udp" && said.isTruncatedOverUdp === true;
  const records = isCut
    ? []
    : said.records.map((text) => record(question.code, recordData(question.type, text)));
  return message(query, question.bytes, 0, records, isCut);
}

interface Question {
  readonly name: string;
  readonly type: string;
  readonly code: number;
  /** The question as it stands in the query, to be repeated in the answer. */
  readonly bytes: Buffer;
}

function questionOf(query: Buffer): Question | string {
  if (query.length < 17) return "too short";
  const flags = query.readUInt16BE(2);
  if ((flags & 0xf80f) !== 0) return "not a standard query";
  if (query.readUInt16BE(4) !== 1 || query.readUInt32BE(6) !== 0) return "not exactly one question";
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length !== 0; length = query[at] ?? 0) {
    if (length > 63 || at + 1 + length >= query.length) return "a label is too long";
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const code = query.readUInt16BE(at + 1);
  if (query.readUInt16BE(at + 3) !== 1) return "not class IN";
  const type = Object.entries(types).find(([, each]) => each === code)?.[0];
  if (type === undefined) return `type ${code}`;
  return { name: labels.join(".").toLowerCase(), type, code, bytes: query.subarray(12, at + 5) };
}

function message(
  query: Buffer,
  question: Buffer,
  code: number,
  records: Buffer[],
  isCut: boolean,
): Buffer {
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  // Answer, recursion available, and the query's own wish for recursion.
  const wish = query.readUInt16BE(2) & 0x0100;
  head.writeUInt16BE(0x8080 | wish | code | (isCut ? 0x0200 : 0), 2);
  head.writeUInt16BE(question.length === 0 ? 0 : 1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, question, ...records]);
}

/** A resource record of the name asked for (a pointer to offset 12), kept by nobody for more than an hour. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 12, type >> 8, type & 0xff, 0, 1, 0, 0, 14, 16, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function recordData(type: string, text: string): Buffer {
  const words = text.split(" ");
  const [first = "", second = "", third = "", fourth = ""] = words;
  switch (type) {
    case "A":
    case "AAAA": {
      const address = parseAddress(text);
      if (address === undefined) throw new TypeError(`not an address: ${text}`);
      return Buffer.from(addressBytes(address));
    }
    case "MX":
      return Buffer.concat([short(first), nameData(second)]);
    case "SRV":
      return Buffer.concat([short(first), short(second), short(third), nameData(fourth)]);
    case "TXT":
      return Buffer.concat(text.split("|").map(characterString));
    case "CAA":
      return Buffer.concat([
        Buffer.from([Number(first)]),
        characterString(second),
        Buffer.from(third),
      ]);
    case "SOA": {
      const numbers = Buffer.alloc(20);
      for (const [i, word] of words.slice(2).entries()) numbers.writeUInt32BE(Number(word), i * 4);
      return Buffer.concat([nameData(first), nameData(second), numbers]);
    }
    default:
      return nameData(text);
  }
}

function short(word: string): Buffer {
  return Buffer.from([Number(word) >> 8, Number(word) & 0xff]);
}

function characterString(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

function nameData(name: string): Buffer {
  return Buffer.concat([...name.split(".").map(characterString), Buffer.from([0])]);
}
