/**
 * All routes that were registered, to answer two questions: which routes does this path have (for 405 and `Allow`),
 * and is every one of them protected.
 */
import type { FastifyInstance, RouteOptions } from "fastify";
import type { Permission } from "./access/permission.ts";

export interface RegisteredRoute {
  readonly method: string;
  readonly path: string;
  readonly options: RouteOptions;
}

export interface RouteTable {
  readonly routes: readonly RegisteredRoute[];
  /** Routes whose path fits, whatever their method; the most exact ones first. */
  matching(path: string): readonly RegisteredRoute[];
  /** Paths that were registered without a permission. */
  unprotected(): readonly string[];
}

/** Notes every route registered from now on. */
export function createRouteTable(app: FastifyInstance): RouteTable {
  const routes: RegisteredRoute[] = [];
  app.addHook("onRoute", (options) => {
    for (const method of [options.method].flat()) {
      routes.push({ method: method.toUpperCase(), path: options.url, options });
    }
  });
  let matchers: { readonly pattern: RegExp; readonly route: RegisteredRoute }[] | undefined;
  return {
    routes,
    matching(path) {
      matchers ??= routes
        .map((route) => ({ pattern: patternOf(route.path), route }))
        .toSorted((a, b) => wildness(a.route.path) - wildness(b.route.path));
      return matchers.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route);
    },
    unprotected: () =>
      routes
        .filter(({ options }) => permissionOf(options) === undefined)
        .map(({ method, path }) => `${method} ${path}`),
  };
}

/** The permission a route was registered with. */
export function permissionOf(options: RouteOptions): Permission | undefined {
  return options.config?.permission;
}

/** How much of a path is left open: a parameter is less than a star. */
function wildness(path: string): number {
  const parameters = path.match(/(?<!:):[A-Za-z_]/g)?.length ?? 0;
  return parameters + (path.includes("*") ? 100 : 0);
}

/** `:name` is one segment, `*` the rest, `::` a colon. */
function patternOf(path: string): RegExp {
  const parts = path.split(/(::|:[A-Za-z_]\w*|\*)/).map((part) => {
    if (part === "::") return ":";
    if (part === "*") return ".*";
    if (part.startsWith(":")) return "[^/]+";
    return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join("")}$`);
}
