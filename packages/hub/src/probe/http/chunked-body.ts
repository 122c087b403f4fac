/**
 * The chunked transfer coding (RFC 9112, 7.1), as bytes arrive:
 *
 *   size in hex [;extension] CRLF, data, CRLF, … 0 CRLF, trailer fields, CRLF
 *
 * Extensions and trailer fields are passed over, within bounds. A bare LF ends a line.
 */
import { ProtocolError, quoted } from "./head.ts";

/** A line of sizes, extensions or a trailer field. */
const mostLineBytes = 4_096;
const mostTrailerLines = 100;

export class ChunkedBody {
  isDone = false;
  #state: "size" | "data" | "data end" | "trailer" = "size";
  #line = "";
  #left = 0;
  #trailerLines = 0;

  /** Takes bytes in and hands on the data in them. Throws `ProtocolError`. */
  push(bytes: Buffer, take: (data: Buffer) => void): void {
    let at = 0;
    while (at < bytes.length && !this.isDone) {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        take(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = "data end";
        continue;
      }
      const newline = bytes.indexOf(10, at);
      const end = newline === -1 ? bytes.length : newline;
      this.#addToLine(bytes, at, end);
      at = end + 1;
      if (newline !== -1) this.#endLine();
    }
  }

  #addToLine(bytes: Buffer, from: number, to: number): void {
    if (this.#line.length + to - from > mostLineBytes) {
      throw new ProtocolError("a chunk's size line or a trailer field is too long");
    }
    this.#line += bytes.toString("latin1", from, to);
  }

  #endLine(): void {
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    this.#line = "";
    switch (this.#state) {
      case "size":
        this.#left = sizeOf(line);
        this.#state = this.#left === 0 ? "trailer" : "data";
        return;
      case "data end":
        if (line !== "")
          throw new ProtocolError(`a chunk is longer than its size: ${quoted(line)}`);
        this.#state = "size";
        return;
      case "trailer":
        if (line === "") this.isDone = true;
        else if (++this.#trailerLines > mostTrailerLines)
          throw new ProtocolError("too many trailer fields");
        return;
      case "data":
    }
  }
}

function sizeOf(line: string): number {
  const match = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/s.exec(line);
  if (match?.[1] === undefined) throw new ProtocolError(`not a chunk size: ${quoted(line)}`);
  return Number.parseInt(match[1], 16);
}
