/** What `belfry.yaml` gives: its keys against the schema, with lines. */
import { describe } from "@belfry/contract";
import type { TSchema } from "typebox";
import type { Given, Source } from "./given.ts";
import { branchOf, type Leaf } from "./leaf.ts";
import { didYouMean } from "./suggest.ts";
import type { YamlValue } from "./yaml-file.ts";

/** Goes through the keys of a file. A key without a value counts as not given. */
export function readBelfryFile(
  file: YamlValue,
  name: string,
  schema: TSchema,
  leaves: readonly Leaf[],
): Source {
  const given: Given[] = [];
  const problems: string[] = [];

  function visit(value: YamlValue, branch: Readonly<Record<string, TSchema>>, above: string): void {
    if (value.plain === null || value.plain === undefined) return;
    if (value.entries === undefined) {
      const what = above === "" ? "" : `${above}: `;
      problems.push(
        `${name}:${value.line}: ${what}expected keys with values, found ${describe(value.plain)}`,
      );
      return;
    }
    for (const entry of value.entries) {
      const path = above === "" ? entry.key : `${above}.${entry.key}`;
      const inner = Object.hasOwn(branch, entry.key) ? branch[entry.key] : undefined;
      if (inner === undefined) {
        const hint = didYouMean(entry.key, Object.keys(branch)) || elsewhere(entry.key, leaves);
        problems.push(`${name}:${entry.line}: ${path}: is not a known key${hint}`);
        continue;
      }
      const below = branchOf(inner);
      const leaf = leaves.find((candidate) => candidate.path === path);
      if (below !== undefined) visit(entry.value, below, path);
      else if (leaf !== undefined && entry.value.plain !== null) {
        given.push({
          leaf,
          value: entry.value.plain,
          where: (part) => `${name}:${entry.value.lineOf(part)}: ${path}${part}`,
        });
      }
    }
  }

  visit(file, branchOf(schema) ?? {}, "");
  return { given, problems, notes: [] };
}

/** A key that exists under another branch: `level` is `log.level`. */
function elsewhere(key: string, leaves: readonly Leaf[]): string {
  const leaf = leaves.find(({ keys }) => keys.at(-1) === key || keys.join("_") === key);
  return leaf === undefined ? "" : ` (did you mean ${leaf.path}?)`;
}
