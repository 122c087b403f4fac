/**
 * Reads numbers and names out of a kernel file's bytes, from left to right, without making strings. Spaces are blanks and
 * tabs; nothing crosses the end of a line but `nextLine()`.
 */
const newline = 10;
const zero = 48;
const dot = 46;
const minus = 45;

export class Scan {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where reading goes on. */
  at = 0;
  /** Where the latest word begins and ends. */
  wordStart = 0;
  wordEnd = 0;

  /** Begins at the first byte; false where there is no file. */
  load(bytes: Uint8Array | undefined): bytes is Uint8Array {
    if (bytes === undefined) return false;
    this.bytes = bytes;
    this.at = 0;
    return true;
  }

  /** Whether anything is left. */
  get hasMore(): boolean {
    return this.at < this.bytes.length;
  }

  /** Goes to the beginning of the next line. */
  nextLine(): void {
    const end = this.bytes.indexOf(newline, this.at);
    this.at = end === -1 ? this.bytes.length : end + 1;
  }

  /** Reads up to the next space, line end or `stop` (a byte, which is skipped too); false: the line is over. */
  word(stop = newline): boolean {
    this.skipSpaces();
    const { bytes } = this;
    let at = this.at;
    this.wordStart = at;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === stop || byte === 32 || byte === newline || byte === 9) break;
    }
    this.wordEnd = at;
    this.at = bytes[at] === stop && stop !== newline ? at + 1 : at;
    return at > this.wordStart;
  }

  /** Takes the rest of the line as one word. */
  line(): void {
    const end = this.bytes.indexOf(newline, this.at);
    this.wordStart = this.at;
    this.wordEnd = end === -1 ? this.bytes.length : end;
    this.at = this.wordEnd;
  }

  /** The latest word as text. */
  text(): string {
    return Buffer.from(this.bytes.subarray(this.wordStart, this.wordEnd)).toString("utf8");
  }

  /** The next number, with sign and decimals if it has them; NaN where the next word is none. */
  number(): number {
    this.skipSpaces();
    const { bytes } = this;
    let at = this.at;
    const start = at;
    const isNegative = bytes[at] === minus;
    if (isNegative) at += 1;
    let value = 0;
    let digits = 0;
    let scale = 0;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      const digit = byte - zero;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        digits += 1;
        scale *= 10;
      } else if (byte === dot && scale === 0) scale = 1;
      else break;
    }
    this.at = at;
    if (digits === 0) return Number.NaN;
    // More digits than a double holds: rounded once, as everybody else's parser does.
    if (digits > 15) return Number(Buffer.from(bytes.subarray(start, at)).toString("latin1"));
    if (scale > 1) value /= scale;
    return isNegative ? -value : value;
  }

  /** Whether the line is over. */
  isLineOver(): boolean {
    this.skipSpaces();
    return this.at >= this.bytes.length || this.bytes[this.at] === newline;
  }

  /** Leaves out words of this line. */
  skipWords(count: number): void {
    for (let i = 0; i < count; i += 1) this.word();
  }

  skipSpaces(): void {
    const { bytes } = this;
    while (bytes[this.at] === 32 || bytes[this.at] === 9) this.at += 1;
  }
}
