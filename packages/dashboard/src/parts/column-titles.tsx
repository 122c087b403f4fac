/** The first row of a table. */

export interface Column {
  readonly title: string;
  /** As its cells have it: `num` for numbers. */
  readonly class?: string;
}

/** Draws the titles of the columns. */
export function ColumnTitles({ columns }: { columns: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column.title} scope="col" class={column.class}>
            {column.title}
          </th>
        ))}
      </tr>
    </thead>
  );
}
