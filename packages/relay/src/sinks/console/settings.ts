/** Settings of sink `console`. */
import { createParser, ok, type Parsed } from "@belfry/contract";
import { Type } from "typebox";
import type { LineMaker } from "../files/line.ts";
import { lineSettings, parseLineSettings } from "../files/line-settings.ts";

/** As they are written. */
export const ConsoleSinkSchema = Type.Object(lineSettings, {
  additionalProperties: false,
  title: "Lines on standard output",
});

export interface ConsoleSinkSettings {
  readonly lineOf: LineMaker;
}

const parse = createParser(ConsoleSinkSchema);

/** Checks settings, and makes of them what makes lines. */
export function parseConsoleSinkSettings(settings: unknown, at = ""): Parsed<ConsoleSinkSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const lineOf = parseLineSettings(parsed.value, at);
  return lineOf.kind === "bad" ? lineOf : ok({ lineOf: lineOf.value });
}
