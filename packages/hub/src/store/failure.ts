/**
 * Errors of the databases, as everybody else sees them: `unavailable` for what passes (disk full, busy, connection
 * lost), `internal` for what does not (damaged file, a statement that is wrong). The detail is public and holds no
 * secret.
 */
import type { Problem } from "@belfry/contract";
import { errorTable, type ErrorCode } from "@belfry/contract/error-code";
import { AppError } from "../model/error.ts";

/** An error on its way from a store thread to the main thread. */
export interface FailureMessage {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly problems: readonly Problem[];
  /** What is logged: the text and stack of the database's own error. */
  readonly cause: string | null;
}

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const sqliteCodes = new Map<number, { readonly code: ErrorCode; readonly detail: string }>([
  [5, { code: "unavailable", detail: "the database is busy" }],
  [6, { code: "unavailable", detail: "the database is locked" }],
  [7, { code: "unavailable", detail: "the database ran out of memory" }],
  [8, { code: "unavailable", detail: "the database cannot be written" }],
  [10, { code: "unavailable", detail: "the disk refused to read or write" }],
  [11, { code: "internal", detail: "the database file is damaged" }],
  [13, { code: "unavailable", detail: "the disk is full" }],
  [14, { code: "unavailable", detail: "the database file cannot be opened" }],
  [19, { code: "conflict", detail: "it contradicts what is stored" }],
  [26, { code: "internal", detail: "the file is not an SQLite database, or it is damaged" }],
]);

/** Classes and codes of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const postgresCodes = new Map<string, { readonly code: ErrorCode; readonly detail: string }>([
  ["08", { code: "unavailable", detail: "the connection to the database failed" }],
  ["23", { code: "conflict", detail: "it contradicts what is stored" }],
  ["25006", { code: "unavailable", detail: "the database cannot be written" }],
  ["28", { code: "unavailable", detail: "the database refused the user or password" }],
  ["3D000", { code: "unavailable", detail: "the database does not exist" }],
  ["40", { code: "unavailable", detail: "the database gave up a transaction" }],
  ["53100", { code: "unavailable", detail: "the disk of the database is full" }],
  ["53", { code: "unavailable", detail: "the database is out of resources" }],
  ["55", { code: "unavailable", detail: "the database is busy" }],
  ["57", { code: "unavailable", detail: "the database stopped or cancelled the statement" }],
  ["58", { code: "unavailable", detail: "the disk of the database refused to read or write" }],
]);

/** What any error of a database means; an `AppError` stays as it is. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const meaning = sqliteMeaning(error) ?? postgresMeaning(error) ?? networkMeaning(error);
  return new AppError(
    meaning?.code ?? "internal",
    meaning?.detail ?? "the database refused a statement",
    { cause: error },
  );
}

/** True for errors after which the same transaction may succeed at once: deadlocks, serialization, a lost race. */
export function isRetriable(error: unknown): boolean {
  const code = textProperty(error, "code");
  return code === "40001" || code === "40P01" || code === "23505" || code === "23503";
}

export function toFailureMessage(error: unknown): FailureMessage {
  const { code, detail, problems, cause } = toAppError(error);
  return { code, detail, problems, cause: cause === undefined ? null : describeCause(cause) };
}

export function fromFailureMessage(message: FailureMessage): AppError {
  const { code, detail, problems, cause } = message;
  const known = code in errorTable ? code : "internal";
  return new AppError(known, detail, {
    problems,
    ...(cause === null ? {} : { cause: new Error(cause) }),
  });
}

/** True for an error of SQLite itself; with `primaryCode` (https://www.sqlite.org/rescode.html), only of that kind. */
export function isSqliteError(error: unknown, primaryCode?: number): boolean {
  if (textProperty(error, "code") !== "ERR_SQLITE_ERROR") return false;
  return (
    primaryCode === undefined || ((numberProperty(error, "errcode") ?? 0) & 0xff) === primaryCode
  );
}

function sqliteMeaning(error: unknown): { code: ErrorCode; detail: string } | undefined {
  if (!isSqliteError(error)) return undefined;
  const extended = numberProperty(error, "errcode");
  return extended === undefined ? undefined : sqliteCodes.get(extended & 0xff);
}

function postgresMeaning(error: unknown): { code: ErrorCode; detail: string } | undefined {
  const code = textProperty(error, "code");
  if (code?.length !== 5 || textProperty(error, "severity") === undefined) return undefined;
  return postgresCodes.get(code) ?? postgresCodes.get(code.slice(0, 2));
}

/** Errors of the socket, and those that `pg` and its pool make themselves, which carry no code. */
function networkMeaning(error: unknown): { code: ErrorCode; detail: string } | undefined {
  const code = textProperty(error, "code");
  const lost =
    code === undefined
      ? error instanceof Error && /connect|not queryable/i.test(error.message)
      : /^E[A-Z]+$/.test(code);
  return lost ? { code: "unavailable", detail: "the database cannot be reached" } : undefined;
}

function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = textProperty(cause, "code");
  return `${cause.message}${code === undefined ? "" : ` (${code})`}`;
}

function textProperty(value: unknown, name: string): string | undefined {
  const found = property(value, name);
  return typeof found === "string" ? found : undefined;
}

function numberProperty(value: unknown, name: string): number | undefined {
  const found = property(value, name);
  return typeof found === "number" ? found : undefined;
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Reflect.get(value, name);
}
