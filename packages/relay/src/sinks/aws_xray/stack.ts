/** Stacks as texts, of JavaScript, Python and Java, as the frames X-Ray shows. */

export interface StackFrame {
  readonly path: string;
  readonly line: number;
  readonly label: string;
}

const mostFrames = 50;
const longestText = 250;

/** `    at save (/app/job.js:12:7)`, `    at Job.save(Job.java:12)`. */
const called = /^\s*at (?:(.+?) ?\()?([^()]+?):(\d+)(?::\d+)?\)?$/;
/** `  File "/app/job.py", line 12, in save`. */
const python = /^\s*File "([^"]+)", line (\d+)(?:, in (.+))?$/;

/** Frames in the order of the text; lines that are none are passed by. */
export function framesOf(stack: unknown): readonly StackFrame[] {
  if (typeof stack !== "string") return [];
  const frames: StackFrame[] = [];
  for (const text of stack.split("\n")) {
    const frame = frameOf(text.slice(0, 1_000));
    if (frame !== undefined) frames.push(frame);
    if (frames.length === mostFrames) break;
  }
  return frames;
}

function frameOf(text: string): StackFrame | undefined {
  const [, label, path, line] = called.exec(text) ?? [];
  if (path !== undefined) return { path: end(path), line: Number(line), label: end(label ?? "") };
  const [, file, at, name] = python.exec(text) ?? [];
  if (file === undefined) return undefined;
  return { path: end(file), line: Number(at), label: end(name ?? "") };
}

/** The end of a path says more than its beginning. */
function end(text: string): string {
  return text.slice(-longestText).toWellFormed();
}
