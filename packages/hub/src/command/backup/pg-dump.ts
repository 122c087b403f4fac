/** How PostgreSQL's own tools save and restore a database; Belfry does not do it in their place. */

/** Parameters of a URL that the tools know and that are no secrets. */
const knownParameters = [
  "host",
  "port",
  "user",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "connect_timeout",
];

export interface DumpCommands {
  /** Commands for a shell, without the password. */
  readonly dump: string;
  readonly restore: string;
  /** Whether the URL holds a password, which the tools have to be told another way. */
  readonly needsPassword: boolean;
}

/** The commands for a `postgres://` URL. */
export function dumpCommands(database: string): DumpCommands {
  const url = new URL(database);
  const needsPassword = url.password !== "" || url.searchParams.has("password");
  url.password = "";
  for (const name of url.searchParams.keys().toArray()) {
    if (!knownParameters.includes(name)) url.searchParams.delete(name);
  }
  const target = shellWord(url.href);
  return {
    dump: `pg_dump --format=custom --file=belfry.dump ${target}`,
    restore: `pg_restore --no-owner --single-transaction --dbname=${target} belfry.dump`,
    needsPassword,
  };
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
