/** Which database a setting names. */

/** Query parameters that other drivers call differently. */
const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/**
 * The URL as `pg` understands it, when `database` is one: `postgres://`, `postgresql://` or with a driver as SQLAlchemy
 * has it (`postgresql+asyncpg://`, whose `ssl=require` becomes `sslmode=require`). undefined: it is a file path.
 */
export function parsePostgresUrl(database: string): string | undefined {
  const match = /^postgres(?:ql)?(\+[a-z0-9]+)?:\/\//i.exec(database);
  if (match === null) return undefined;
  const url = `postgresql://${database.slice(match[0].length)}`;
  if (match[1] === undefined) return url;
  return url.replace(/([?&])ssl=([a-z-]+)/, (whole, before: string, mode: string) =>
    sslModes.includes(mode) ? `${before}sslmode=${mode}` : whole,
  );
}

/** The URL without user and password, for messages. */
export function withoutSecrets(url: string): string {
  return url.replace(/^(postgresql:\/\/)[^@/]*@/, "$1").replace(/\?.*$/, "");
}
