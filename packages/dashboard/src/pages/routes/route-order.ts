/** The order in which routes are tried. */

interface Placed {
  readonly id: string;
  readonly position: number;
}

/** Routes as they are tried: those of the file first, then by position, and of one position in the order they came. */
export function inOrder<R extends Placed & { readonly managed_by: string | null }>(
  routes: readonly R[],
): readonly R[] {
  const rank = ({ managed_by }: R): number => (managed_by === null ? 1 : 0);
  return routes.toSorted((a, b) => rank(a) - rank(b) || a.position - b.position);
}

/** The position behind all others. */
export function lastPosition(routes: readonly Placed[]): number {
  return Math.max(-1, ...routes.map(({ position }) => position)) + 1;
}

/** A route whose position is to be another. */
export interface Moved<R> {
  readonly route: R;
  readonly position: number;
}

/**
 * What has to change so that the route of an id is tried `by` places later (below zero: earlier); nothing where it
 * stands at the end already. `routes` are in their order.
 */
export function movesOf<R extends Placed>(
  routes: readonly R[],
  id: string,
  by: number,
): readonly Moved<R>[] {
  const from = routes.findIndex((route) => route.id === id);
  const route = routes[from];
  const to = Math.min(Math.max(0, from + by), routes.length - 1);
  if (route === undefined || to === from) return [];
  const others = routes.filter((one) => one !== route);
  return [...others.slice(0, to), route, ...others.slice(to)].flatMap((one, position) =>
    one.position === position ? [] : [{ route: one, position }],
  );
}
