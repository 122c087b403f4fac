/** The labels of a row as links that filter by them. */

interface ChipsProps {
  readonly labels: Readonly<Record<string, string>>;
  /** So many are shown; the others are in the title of a count. */
  readonly most: number;
  readonly hrefOf: (label: string) => string;
}

/** Draws the labels; nothing where there are none. */
export function LabelChips({ labels, most, hrefOf }: ChipsProps) {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}:${value}`);
  if (pairs.length === 0) return null;
  return (
    <span class="row-labels">
      {pairs.slice(0, most).map((label) => (
        <a key={label} class="chip" tabIndex={-1} href={hrefOf(label)}>
          {label}
        </a>
      ))}
      {pairs.length > most && (
        <span class="quiet" title={pairs.slice(most).join(", ")}>
          +{pairs.length - most}
        </span>
      )}
    </span>
  );
}
