/** Which rows of a long list are drawn. */

/** Rows `[first, end)`. */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
}

export interface Scrolled {
  /** From the top of the viewport down to the list; negative once it is scrolled past. In px, as all here. */
  readonly listTop: number;
  readonly viewport: number;
  readonly rowHeight: number;
  readonly count: number;
}

/** Rows drawn beyond each edge, so that scrolling and the keyboard find them there. */
export const margin = 6;

/** The rows in view and a margin. */
export function windowOf({ listTop, viewport, rowHeight, count }: Scrolled): RowWindow {
  const above = Math.floor(-listTop / rowHeight) - margin;
  const below = Math.ceil((viewport - listTop) / rowHeight) + margin;
  const first = Math.min(Math.max(0, above), Math.max(0, count - 1));
  return { first, end: Math.max(Math.min(count, below), Math.min(count, first)) };
}

/** Whether the end of what is loaded comes near enough to fetch more. */
export function isNearEnd(window: RowWindow, count: number): boolean {
  return window.end + 20 >= count;
}
