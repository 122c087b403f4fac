/**
 * Cells of CSV after RFC 4180: quoted where they hold a delimiter, a quote, a line end or a blank at an end; quotes doubled.
 *
 * Spreadsheets run a cell that begins with `=`, `+`, `-`, `@`, TAB or CR (behind blanks, and in full width, as well) as a
 * formula. The guard puts `'` before such text, and before text that begins with `'` and would be taken for guarded
 * otherwise, so that it can be told apart and taken off again. Negative numbers stay numbers.
 */

/** Makes cells and rows. */
export interface CellWriter {
  /** Text that others wrote. */
  readonly text: (value: string | null) => string;
  /** A number of ours; empty where there is none. */
  readonly number: (value: number | null | undefined) => string;
  /** A row with its end. */
  readonly row: (cells: readonly string[]) => string;
}

export interface CellSettings {
  readonly delimiter: string;
  readonly guardsFormulas: boolean;
}

const formula = /^'*[\s\u00a0]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
/** What most text begins with: then it is no formula. */
const harmless = /^[0-9A-Za-z{]/;
const plainNegative = /^-(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The writer for a delimiter. */
export function createCellWriter({ delimiter, guardsFormulas }: CellSettings): CellWriter {
  const awkward = new RegExp(`["\\r\\n\\x${hexOf(delimiter)}]|^\\s|\\s$`);
  function quoted(text: string): string {
    return awkward.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
  return {
    text(value) {
      if (value === null || value === "") return "";
      return quoted(guardsFormulas ? guarded(value) : value);
    },
    number: (value) => (value === null || value === undefined ? "" : quoted(String(value))),
    row: (cells) => `${cells.join(delimiter)}\r\n`,
  };
}

/** Text that no spreadsheet takes for a formula. */
export function guarded(text: string): string {
  if (harmless.test(text)) return text;
  return formula.test(text) && !plainNegative.test(text) ? `'${text}` : text;
}

/** What `guarded` was given. */
export function unguarded(text: string): string {
  return text.startsWith("'") && formula.test(text) ? text.slice(1) : text;
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, "0");
}
