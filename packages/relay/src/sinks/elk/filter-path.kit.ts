/** Part of the fake Elasticsearch: `filter_path`, which leaves of an answer only what is asked for. */

/** What is at one of the paths, such as `items.*.status`; lists are passed through. Undefined: nothing is. */
export function filtered(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => filtered(item, paths)).filter((item) => item !== undefined);
    return items.length > 0 ? items : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const kept = Object.entries(value).flatMap(([key, item]) => {
    const below = paths.filter(([head]) => head === key || head === "*");
    const found =
      below.length > 0
        ? filtered(
            item,
            below.map((path) => path.slice(1)),
          )
        : undefined;
    return found === undefined ? [] : [[key, found] as const];
  });
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** The paths of a query. */
export function filterPathsOf(query: string | null): readonly (readonly string[])[] {
  return query === null ? [[]] : query.split(",").map((path) => path.split("."));
}
