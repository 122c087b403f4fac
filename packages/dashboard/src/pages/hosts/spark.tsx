/** The line of an hour in a row: one path, from 0 to 1. */
import { sparkPath } from "../../parts/day-bar.ts";

const width = 64;
const height = 20;

interface SparkProps {
  readonly values: readonly (number | null)[] | undefined;
}

/** Draws the line; an empty field of the same size where nothing is known. */
export function RatioSpark({ values }: SparkProps) {
  const { line } = sparkPath(values ?? [], { width, height, top: 1 });
  return (
    <svg class="host-spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={line} />
    </svg>
  );
}
