/** How the cache of a program is filled. */
export interface Warming {
  /** Path of the Node that runs it. */
  readonly runtime: string;
  /** Options of Node. */
  readonly flags: readonly string[];
  /** Path of its main file, which loads everything and ends when `env` says so. */
  readonly main: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
  /** Of the program. */
  readonly name: string;
  /** Folders with its code. */
  readonly sources: readonly string[];
}

export function compileCacheDir(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined;

export function warmCache(warming: Warming): void;
