/**
 * Reads the setting `database`: a path for the embedded database or a URL of PostgreSQL. URLs as SQLAlchemy has them
 * (`postgresql+asyncpg://`, with `ssl=` for `sslmode=`) mean the same. No message holds any of a URL's credentials.
 */
import { bad, ok, type Parsed } from "@belfry/contract";
import { resolve } from "node:path";

/** An absolute path, or a `postgres://` URL with its password. */
export function parseDatabase(
  text: string,
  password: string | undefined,
  cwd: string,
): Parsed<string> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    if (/^[a-z][a-z0-9+.-]+:/i.test(text) && !/^[a-z]:[\\/]/i.test(text)) return unreadable(text);
    if (password === undefined) return ok(resolve(cwd, text));
    return bad({
      path: "database_password",
      message: "expected nothing, for the embedded database has no password",
    });
  }
  if (!/^postgres(ql)?(\+[a-z0-9]+)?$/.test(scheme)) return unreadable(text);
  const url = URL.parse(`postgres${text.slice(scheme.length)}`);
  const hasHost = url !== null && (url.hostname !== "" || url.searchParams.has("host"));
  if (url === null || !hasHost || url.pathname.length < 2) {
    return bad({
      path: "database",
      message: "expected postgres://user@host:5432/name, found a URL without host or name",
    });
  }
  if (password !== undefined) {
    if (url.password !== "") {
      return bad({
        path: "database_password",
        message: "expected nothing, for the URL of the database holds a password",
      });
    }
    url.password = encodeURIComponent(password);
  }
  const ssl = url.searchParams.get("ssl");
  if (scheme.includes("+") && ssl !== null && !url.searchParams.has("sslmode")) {
    url.searchParams.delete("ssl");
    url.searchParams.set("sslmode", ssl);
  }
  return ok(url.href);
}

/** Whether several processes can use it: PostgreSQL, of which the URL is what `parseDatabase` gives. */
export function isShared(database: string): boolean {
  return database.startsWith("postgres://");
}

function unreadable(text: string): Parsed<string> {
  const scheme = text.slice(0, text.indexOf(":"));
  return bad({
    path: "database",
    message: `expected a path or a postgres:// URL, found one that begins with ${scheme}:`,
  });
}

/** The database as it may be shown: a URL without its password and without its parameters. */
export function shownDatabase(database: string): string {
  const url = isShared(database) ? URL.parse(database) : null;
  if (url === null) return database;
  url.password = "";
  url.search = "";
  return url.href;
}
