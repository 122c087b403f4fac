/** For tests: the table of routes in `docs/API.md`, made from the routes themselves. */
import type { RouteTable } from "./route-table.ts";
import { permissionOf } from "./route-table.ts";

/** A markdown table of every route of the OpenAPI document, by chapter. */
export function routesTable(table: RouteTable): string {
  const rows = table.routes.flatMap(({ method, path, options }) => {
    const { hide, tags, summary } = options.schema as {
      readonly hide?: boolean;
      readonly tags?: readonly string[];
      readonly summary?: string;
    };
    if (hide === true || method === "HEAD" || summary === undefined) return [];
    const written = path.replaceAll(/(?<!:):(\w+)/g, "{$1}").replaceAll("::", ":");
    return [
      { tag: tags?.[0] ?? "", method, path: written, permission: permissionOf(options), summary },
    ];
  });
  const byTag = Map.groupBy(rows, ({ tag }) => tag);
  const lines = [...byTag.values()].flatMap((own) =>
    own
      .toSorted((a, b) => (a.path === b.path ? 0 : a.path < b.path ? -1 : 1))
      .map(
        ({ method, path, permission, summary }) =>
          `| \`${method} ${path}\` | ${permission} | ${summary} |`,
      ),
  );
  return ["| route | asks for | what it does |", "| --- | --- | --- |", ...lines].join("\n");
}
