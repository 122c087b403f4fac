/**
 * Reads one HTTP/1.x answer from bytes as they arrive. Knows nothing of sockets: bytes go in by `push`, the end of the
 * connection by `end`, and `state` says where it stands.
 *
 *   head → (another head after a 1xx) → body → done
 *     └──────────── failed (`problem` says why) ┘
 *
 * Keeps no more than it was told to: of the body the first `keepBytes`, of everything else nothing. Bytes behind the
 * end of the answer are ignored, since nothing follows on a connection that is used once.
 */
import type { Reason } from "@belfry/contract";
import { ChunkedBody } from "./chunked-body.ts";
import { framingOf, parseHead, ProtocolError, type Framing, type Head } from "./head.ts";

export interface AnswerLimits {
  /** The most bytes of the body as sent. */
  readonly bodyBytes: number;
  /** How much of the body to keep. */
  readonly keepBytes: number;
}

/** All heads together, 1xx included. */
export const mostHeadBytes = 65_536;

export interface AnswerProblem {
  readonly reason: Extract<Reason, "protocol" | "too_large" | "reset">;
  readonly message: string;
}

export class AnswerReader {
  state: "head" | "body" | "done" | "failed" = "head";
  problem: AnswerProblem | null = null;
  head: Head | null = null;
  /** Bytes of the body that have arrived, without chunk framing. */
  bodyBytes = 0;
  readonly kept: Buffer[] = [];
  #keptBytes = 0;
  readonly #limits: AnswerLimits;
  readonly #method: string;
  #waiting: Buffer = Buffer.alloc(0);
  #waitingBytes = 0;
  #headBytes = 0;
  #framing: Framing = { kind: "none" };
  #chunks: ChunkedBody | null = null;

  constructor(method: string, limits: AnswerLimits) {
    this.#method = method;
    this.#limits = limits;
  }

  /** Takes bytes in. They may be kept, so the caller must not use the memory again. */
  push(bytes: Buffer): void {
    if (this.state === "done" || this.state === "failed") return;
    try {
      const rest = this.state === "head" ? this.#pushHead(bytes) : bytes;
      if (rest !== null && this.state === "body") this.#pushBody(rest);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail("protocol", error.message);
    }
  }

  /** The peer has closed the connection. */
  end(): void {
    if (this.state === "done" || this.state === "failed") return;
    if (this.state === "body" && this.#framing.kind === "close") {
      this.state = "done";
      return;
    }
    this.#fail("reset", this.#cutMessage());
  }

  #cutMessage(): string {
    if (this.state === "head") {
      const some = this.#headBytes + this.#waitingBytes > 0;
      return `the connection was closed ${some ? "in the middle of the head" : "without an answer"}`;
    }
    const whole = this.#framing.kind === "length" ? ` of ${this.#framing.bytes}` : "";
    return `the connection was closed after ${this.bodyBytes}${whole} bytes of the body`;
  }

  /** Gives back what follows the final head, null while that is incomplete. */
  #pushHead(bytes: Buffer): Buffer | null {
    let rest = this.#gather(bytes);
    for (;;) {
      const end = headEnd(rest);
      if (this.#headBytes + (end?.next ?? rest.length) > mostHeadBytes) {
        this.#fail("too_large", `the answer's head is larger than ${mostHeadBytes} bytes`);
        return null;
      }
      if (end === null) {
        this.#wait(rest);
        return null;
      }
      const head = parseHead(rest.toString("latin1", 0, end.length));
      this.#headBytes += end.next;
      rest = rest.subarray(end.next);
      // 101 is final: an upgrade was asked for by the monitor's own headers, and there is no body.
      if (head.status >= 200 || head.status === 101) {
        this.#startBody(head);
        return rest;
      }
      this.#waitingBytes = 0;
    }
  }

  /** Joins what waited and what came; the buffer doubles, so that a trickle costs no more than its bytes. */
  #gather(bytes: Buffer): Buffer {
    if (this.#waitingBytes === 0) return bytes;
    const total = this.#waitingBytes + bytes.length;
    if (total > this.#waiting.length) {
      const larger = Buffer.allocUnsafe(Math.max(total, this.#waiting.length * 2));
      this.#waiting.copy(larger, 0, 0, this.#waitingBytes);
      this.#waiting = larger;
    }
    bytes.copy(this.#waiting, this.#waitingBytes);
    this.#waitingBytes = total;
    return this.#waiting.subarray(0, total);
  }

  #wait(rest: Buffer): void {
    if (this.#waitingBytes === rest.length && rest.buffer === this.#waiting.buffer) return;
    const kept = Buffer.allocUnsafe(Math.max(4_096, rest.length));
    rest.copy(kept);
    this.#waiting = kept;
    this.#waitingBytes = rest.length;
  }

  #startBody(head: Head): void {
    this.head = head;
    this.#framing = framingOf(head, this.#method);
    this.state = "body";
    if (this.#framing.kind === "chunked") this.#chunks = new ChunkedBody();
    if (this.#framing.kind === "none") this.state = "done";
    if (this.#framing.kind !== "length") return;
    if (this.#framing.bytes > this.#limits.bodyBytes) this.#failTooLarge(this.#framing.bytes);
    else if (this.#framing.bytes === 0) this.state = "done";
  }

  #pushBody(bytes: Buffer): void {
    if (this.#chunks !== null) {
      this.#chunks.push(bytes, (data) => this.#take(data));
      if (this.state === "body" && this.#chunks.isDone) this.state = "done";
      return;
    }
    if (this.#framing.kind !== "length") {
      this.#take(bytes);
      return;
    }
    const left = this.#framing.bytes - this.bodyBytes;
    this.#take(bytes.length > left ? bytes.subarray(0, left) : bytes);
    if (this.state === "body" && this.bodyBytes === this.#framing.bytes) this.state = "done";
  }

  #take(data: Buffer): void {
    if (this.state !== "body" || data.length === 0) return;
    this.bodyBytes += data.length;
    const room = this.#limits.keepBytes - this.#keptBytes;
    if (room > 0) {
      const kept = data.length > room ? data.subarray(0, room) : data;
      this.kept.push(kept);
      this.#keptBytes += kept.length;
    }
    if (this.bodyBytes > this.#limits.bodyBytes) this.#failTooLarge(null);
  }

  #failTooLarge(declared: number | null): void {
    const size = declared === null ? "" : ` (${declared} bytes)`;
    this.#fail("too_large", `the body is larger than ${this.#limits.bodyBytes} bytes${size}`);
  }

  #fail(reason: AnswerProblem["reason"], message: string): void {
    this.state = "failed";
    this.problem = { reason, message };
  }
}

/** Where a head ends: its length without the empty line, and where the next byte is. */
function headEnd(bytes: Buffer): { readonly length: number; readonly next: number } | null {
  const crlf = bytes.indexOf("\n\r\n");
  const lf = (crlf === -1 ? bytes : bytes.subarray(0, crlf + 1)).indexOf("\n\n");
  if (lf !== -1) return { length: lf, next: lf + 2 };
  return crlf === -1 ? null : { length: crlf, next: crlf + 3 };
}
