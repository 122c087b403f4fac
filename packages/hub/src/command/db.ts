/** `belfry db migrate|rollback|status|stats`. */

/** What these commands ask of the database; closed when the command is done. */
export interface DatabaseAdmin {
  /** Does every migration that is missing, and gives their names. */
  migrate(): Promise<readonly string[]>;
  /** Undoes the last migration and gives its name; undefined when there was none. */
  rollback(): Promise<string | undefined>;
  status(): Promise<{
    readonly applied: readonly { readonly name: string; readonly appliedAt: number }[];
    readonly pending: readonly string[];
  }>;
  stats(): Promise<{
    readonly series: number;
    readonly samples: number;
    readonly bytes: number;
    readonly chunkBytes: number;
    readonly rollupBytes: number;
    readonly writeAheadBytes: number;
  }>;
}

export interface DatabaseCommandParts {
  readonly stdout: (text: string) => void;
  readonly openDatabase: () => Promise<DatabaseAdmin & AsyncDisposable>;
}

/** Brings the database to this release. */
export async function migrate({ stdout, openDatabase }: DatabaseCommandParts): Promise<number> {
  await using database = await openDatabase();
  const done = await database.migrate();
  for (const name of done) stdout(`migrated ${name}\n`);
  if (done.length === 0) stdout("nothing to migrate\n");
  return 0;
}

/** Undoes the last migration. */
export async function rollback({ stdout, openDatabase }: DatabaseCommandParts): Promise<number> {
  await using database = await openDatabase();
  const undone = await database.rollback();
  stdout(undone === undefined ? "nothing to roll back\n" : `rolled back ${undone}\n`);
  return 0;
}

/** Lists what was migrated and what is missing. */
export async function showStatus(json: boolean, parts: DatabaseCommandParts): Promise<number> {
  await using database = await parts.openDatabase();
  const { applied, pending } = await database.status();
  const rows = applied.map(({ name, appliedAt }) => ({
    name,
    applied_at: new Date(appliedAt).toISOString(),
  }));
  if (json) {
    parts.stdout(`${JSON.stringify({ applied: rows, pending }, null, 2)}\n`);
    return 0;
  }
  for (const { name, applied_at } of rows) parts.stdout(`${name}  applied ${applied_at}\n`);
  for (const name of pending) parts.stdout(`${name}  pending\n`);
  return 0;
}

/** Prints how much is kept and what it takes. */
export async function showStats(json: boolean, parts: DatabaseCommandParts): Promise<number> {
  await using database = await parts.openDatabase();
  const stats = await database.stats();
  const perSample = stats.samples === 0 ? null : stats.bytes / stats.samples;
  if (json) {
    const view = {
      series: stats.series,
      samples: stats.samples,
      bytes: stats.bytes,
      bytes_per_sample: perSample,
      chunk_bytes: stats.chunkBytes,
      rollup_bytes: stats.rollupBytes,
      write_ahead_bytes: stats.writeAheadBytes,
    };
    parts.stdout(`${JSON.stringify(view, null, 2)}\n`);
    return 0;
  }
  parts.stdout(
    `series            ${stats.series}\n` +
      `samples           ${stats.samples}\n` +
      `bytes             ${stats.bytes} (the whole database)\n` +
      `bytes per sample  ${perSample?.toFixed(3) ?? "-"}\n` +
      `chunks            ${stats.chunkBytes}\n` +
      `rollups           ${stats.rollupBytes}\n` +
      `write-ahead       ${stats.writeAheadBytes}\n`,
  );
  return 0;
}
