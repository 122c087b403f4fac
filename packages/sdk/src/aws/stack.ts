/** Stacks of V8 as the frames X-Ray shows. */

export interface StackFrame {
  readonly path: string;
  readonly line: number;
  readonly label: string;
}

/** `    at save (/app/job.js:12:7)`. */
const called = /^\s*at (?:(.+?) ?\()?([^()]+?):(\d+)(?::\d+)?\)?$/;

/** At most 50 frames, in the order of the text. */
export function framesOf(stack: unknown): readonly StackFrame[] {
  if (typeof stack !== "string") return [];
  const frames = stack.split("\n").flatMap((text): StackFrame[] => {
    const [, label, path, line] = called.exec(text.slice(0, 1_000)) ?? [];
    if (path === undefined) return [];
    return [{ path: end(path), line: Number(line), label: end(label ?? "") }];
  });
  return frames.slice(0, 50);
}

function end(text: string): string {
  return text.slice(-250).toWellFormed();
}
