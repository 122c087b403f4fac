/** What follows the environment or `belfry.yaml` is changed there: a mark for its row, and a sentence for its page. */

interface ManagedProps {
  /** What it follows; null: it is changed here. */
  readonly by: string | null;
}

/** The mark. */
export function ManagedMark({ by }: ManagedProps) {
  if (by === null) return null;
  return (
    <span class="chip" title={`It follows ${by}: change it there`}>
      follows {by}
    </span>
  );
}

/** The sentence. */
export function ManagedNote({ by }: ManagedProps) {
  if (by === null) return null;
  return (
    <p class="quiet">
      It follows <code>{by}</code>
      {by !== "belfry.yaml" && " of the environment"}: change it there, and it changes here with the
      next start.
    </p>
  );
}
