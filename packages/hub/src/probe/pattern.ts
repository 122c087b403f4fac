/**
 * Regular expressions of users (RE2 syntax). Matching takes time linear in the text, but linear can still be long: about
 * 10 ns for each character and each instruction of the compiled pattern at worst. So what could hold the event loop up
 * is matched in a thread of its own.
 */
import { RE2JS } from "re2js";

/** A compiled pattern. */
export interface Pattern {
  readonly source: string;
  /** Instructions of the compiled program: the price of a character at worst. */
  readonly size: number;
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /** Where its first match ends, −1 when there is none. */
  endIn(text: string): number;
}

export const mostPatternLength = 1_000;
const mostPatternSize = 5_000;

/** Compiles a pattern; what is wrong with it where it cannot be used. */
export function compilePattern(source: string): Pattern | { readonly problem: string } {
  if (source.length > mostPatternLength) {
    return { problem: `expected a pattern of at most ${mostPatternLength} characters` };
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { problem: `expected a regular expression in RE2 syntax: ${said}` };
  }
  const size = compiled.programSize();
  if (size > mostPatternSize) return { problem: "this pattern repeats too much" };
  return {
    source,
    size,
    test: (text) => compiled.test(text),
    endIn: (text) => {
      const matcher = compiled.matcher(text);
      return matcher.find() ? matcher.end() : -1;
    },
  };
}
