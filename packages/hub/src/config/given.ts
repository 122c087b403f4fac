/** What a source of settings says: a value for one setting, and where it was found. */
import type { Leaf } from "./leaf.ts";

export interface Given {
  readonly leaf: Leaf;
  readonly value: unknown;
  /**
   * Says where a part of the value was found and what it is called there: `belfry.yaml:4: outputs[0].path`,
   * `.env:2: BELFRY_LISTEN`, `--listen`. The part is what follows the setting's path: `[0].path`, or nothing.
   */
  readonly where: (part: string) => string;
}

/** What a source gave: values, what is wrong with it, and what a person should be told. Problems are whole lines. */
export interface Source {
  readonly given: readonly Given[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}
