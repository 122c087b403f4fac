/**
 * All routes that were registered, to answer two questions: which methods does this path have (for 405 and `Allow`),
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
  /** Methods of the routes that match a path, sorted; empty where none does. */
  methodsOf(path: string): readonly string[];
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
  let matchers: { readonly pattern: RegExp; readonly method: string }[] | undefined;
  return {
    routes,
    methodsOf(path) {
      matchers ??= routes.map((route) => ({
        pattern: patternOf(route.path),
        method: route.method,
      }));
      const methods = matchers.filter(({ pattern }) => pattern.test(path));
      return [...new Set(methods.map(({ method }) => method))].toSorted();
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
