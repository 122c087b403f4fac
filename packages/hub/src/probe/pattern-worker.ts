/** The thread of `pattern-matcher.ts`: gets `{source, text}`, answers whether the pattern matches. */
import { parentPort } from "node:worker_threads";
import { compilePattern, type Pattern } from "./pattern.ts";

const compiled = new Map<string, Pattern>();
const mostCompiled = 100;

parentPort?.on(
  "message",
  ({ source, text }: { readonly source: string; readonly text: string }) => {
    parentPort?.postMessage(patternOf(source).test(text));
  },
);

function patternOf(source: string): Pattern {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const pattern = compilePattern(source);
  if ("problem" in pattern) throw new TypeError(pattern.problem);
  if (compiled.size >= mostCompiled) compiled.clear();
  compiled.set(source, pattern);
  return pattern;
}
