/** Which series a selector means: by metric name in the database, then label by label here. */
import { RE2JS, RE2JSSyntaxException } from "re2js";
import { AppError } from "../../model/error.ts";
import type { Matcher, Selector, SeriesKey } from "../../model/series.ts";
import { compareText, labelsText, parseLabels } from "./labels.ts";
import type { OwnedSeriesRow, SeriesTables } from "./tables.ts";

/** A series that was found. `key` holds its own labels and those of its source. */
export interface FoundSeries {
  readonly sourceId: number;
  readonly slot: number;
  readonly key: SeriesKey;
}

type Test = (value: string) => boolean;

/** Compiled expressions that are kept; selectors come again and again from the same pages. */
const maxExpressions = 256;

/** Names that are asked for at once: a short list is answered without reading all that follow. */
const namesAtOnce = 64;

export class SeriesSelection {
  readonly #expressions = new Map<string, RE2JS>();

  /** Series that match, sorted by name and labels, at most `limit`. */
  async find(
    tables: SeriesTables,
    selector: Selector,
    limit: number,
  ): Promise<readonly FoundSeries[]> {
    const tests = selector.map((matcher) => ({
      label: matcher.label,
      test: this.#testOf(matcher),
    }));
    const names = await namesOf(tables, selector, tests);
    const labelTests = tests.filter(({ label }) => label !== "__name__");
    const sourceLabels = new Map<number, Readonly<Record<string, string>>>();
    const found: FoundSeries[] = [];
    for (let at = 0; at < names.length && found.length < limit; at += namesAtOnce) {
      const rows = await tables.seriesNamed(names.slice(at, at + namesAtOnce));
      const matching = rows.flatMap((row) => {
        const labels = mergedLabels(row, sourceLabels);
        const isMatch = labelTests.every(({ label, test }) => test(labels[label] ?? ""));
        return isMatch ? [{ row, labels, text: labelsText(labels) }] : [];
      });
      matching.sort((a, b) => compareText(a.row.name, b.row.name) || compareText(a.text, b.text));
      for (const { row, labels } of matching) {
        found.push({ sourceId: row.source.id, slot: row.slot, key: { name: row.name, labels } });
      }
    }
    return found.slice(0, limit);
  }

  #testOf({ operator, value }: Matcher): Test {
    switch (operator) {
      case "=":
        return (found) => found === value;
      case "!=":
        return (found) => found !== value;
      case "=~": {
        const expression = this.#expression(value);
        return (found) => expression.matches(found);
      }
      case "!~": {
        const expression = this.#expression(value);
        return (found) => !expression.matches(found);
      }
    }
  }

  #expression(text: string): RE2JS {
    let expression = this.#expressions.get(text);
    if (expression === undefined) {
      expression = compile(text);
      if (this.#expressions.size >= maxExpressions) this.#expressions.clear();
      this.#expressions.set(text, expression);
    }
    return expression;
  }
}

function compile(text: string): RE2JS {
  try {
    return RE2JS.compile(text, RE2JS.DOTALL);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw new AppError("invalid", `the expression ${JSON.stringify(text)}: ${error.message}`, {
      cause: error,
    });
  }
}

/** Names that can match, sorted: the one that is asked for, or those that pass. */
async function namesOf(
  tables: SeriesTables,
  selector: Selector,
  tests: readonly { readonly label: string; readonly test: Test }[],
): Promise<readonly string[]> {
  const nameTests = tests.filter(({ label }) => label === "__name__");
  const exact = selector.find(({ label, operator }) => label === "__name__" && operator === "=");
  const names = exact === undefined ? await tables.names() : [exact.value];
  return names.filter((name) => nameTests.every(({ test }) => test(name)));
}

/** A series' labels over its source's. */
function mergedLabels(
  row: OwnedSeriesRow,
  sources: Map<number, Readonly<Record<string, string>>>,
): Readonly<Record<string, string>> {
  let shared = sources.get(row.source.id);
  if (shared === undefined) {
    shared = parseLabels(row.source.labels);
    sources.set(row.source.id, shared);
  }
  return { ...shared, ...parseLabels(row.labels) };
}
