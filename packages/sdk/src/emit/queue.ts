/**
 * Lines that wait to be sent, in order, bounded in bytes. When it is full the oldest line that is neither a start nor an
 * end of a run goes first, then the oldest of all. What was dropped is counted; the count leaves with the next line.
 */

export interface Line {
  readonly text: string;
  readonly bytes: number;
  /** Starts and ends of runs are dropped last. */
  readonly isLasting: boolean;
  /** How many dropped events this line reports. */
  readonly reports: number;
}

export interface Queue {
  readonly length: number;
  /** Events dropped since the last line that told of them. */
  readonly dropped: number;
  push(line: Line): void;
  /** Counts events that were lost elsewhere. */
  countDropped(events: number): void;
  /** Takes the oldest lines, at least one when there is any. */
  take(maxLines: number, maxBytes: number): Line[];
  /** Puts back what was taken, before everything else. */
  putBack(lines: readonly Line[]): void;
}

/** How many events are lost with these lines: they themselves, and those only they tell of. */
export function eventsIn(lines: readonly Line[]): number {
  return lines.reduce((sum, { reports }) => sum + 1 + reports, 0);
}

export function createQueue(maxBytes: number): Queue {
  // Dropped lines leave a hole; holes are skipped when lines are taken.
  let lines: (Line | undefined)[] = [];
  let first = 0;
  let count = 0;
  let bytes = 0;
  let dropped = 0;
  /** No line before this index may be dropped ahead of others. */
  let loose = 0;

  const remove = (index: number): Line | undefined => {
    const line = lines[index];
    lines[index] = undefined;
    if (line === undefined) return undefined;
    count -= 1;
    bytes -= line.bytes;
    return line;
  };
  const drop = (index: number): void => {
    const line = remove(index);
    if (line !== undefined) dropped += 1 + line.reports;
  };
  const dropOne = (): void => {
    for (loose = Math.max(loose, first); loose < lines.length; loose += 1) {
      if (lines[loose]?.isLasting === false) return drop(loose);
    }
    while (first < lines.length && lines[first] === undefined) first += 1;
    drop(first);
  };
  const enforce = (): void => {
    while (bytes > maxBytes && count > 0) dropOne();
  };
  const compact = (): void => {
    if (first < 1_024 && lines.length < 2 * count + 1_024) return;
    lines = lines.slice(first).filter((line) => line !== undefined);
    first = 0;
    loose = 0;
  };

  return {
    get length() {
      return count;
    },
    get dropped() {
      return dropped;
    },
    push: (line) => {
      dropped -= line.reports;
      lines.push(line);
      count += 1;
      bytes += line.bytes;
      if (bytes > maxBytes) {
        enforce();
        compact();
      }
    },
    countDropped: (events) => {
      dropped += events;
    },
    take: (maxLines, maxTaken) => {
      const taken: Line[] = [];
      let size = 0;
      while (first < lines.length && taken.length < maxLines) {
        const line = lines[first];
        if (line !== undefined && taken.length > 0 && size + line.bytes > maxTaken) break;
        remove(first);
        first += 1;
        if (line === undefined) continue;
        taken.push(line);
        size += line.bytes;
      }
      compact();
      return taken;
    },
    putBack: (taken) => {
      lines = [...taken, ...lines.slice(first)];
      first = 0;
      loose = 0;
      count += taken.length;
      for (const line of taken) bytes += line.bytes;
      enforce();
    },
  };
}
