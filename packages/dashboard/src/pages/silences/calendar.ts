/** A month as weeks of days, and what of some spans falls on each. Days are those of the viewer's clock. */

export interface Span {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
}

export interface Day<S extends Span> {
  /** Midnight at its beginning, epoch ms. */
  readonly at: number;
  readonly day: number;
  /** false: it fills the first or the last week of the month. */
  readonly isOfMonth: boolean;
  readonly spans: readonly S[];
}

/** The weeks of a month such as `2026-11`, from Monday on. */
export function weeksOf<S extends Span>(
  month: string,
  spans: readonly S[],
): readonly (readonly Day<S>[])[] {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const first = new Date(year, number - 1, 1);
  const lead = (first.getDay() + 6) % 7;
  const length = new Date(year, number, 0).getDate();
  const weeks = Math.ceil((lead + length) / 7);
  return Array.from({ length: weeks }, (_week, week) =>
    Array.from({ length: 7 }, (_day, day) => {
      const at = new Date(year, number - 1, 1 - lead + week * 7 + day);
      const next = new Date(year, number - 1, 2 - lead + week * 7 + day);
      return {
        at: at.getTime(),
        day: at.getDate(),
        isOfMonth: at.getMonth() === number - 1,
        spans: spans.filter(({ from, to }) => from < next.getTime() && to > at.getTime()),
      };
    }),
  );
}

/** The month an instant falls into. */
export function monthOf(at: number): string {
  const date = new Date(at);
  return monthText(date.getFullYear(), date.getMonth());
}

/** The month so many after another. */
export function monthAfter(month: string, by: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const date = new Date(year, number - 1 + by, 1);
  return monthText(date.getFullYear(), date.getMonth());
}

const monthForm = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" });

/** `November 2026`. */
export function monthTitle(month: string): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return monthForm.format(new Date(year, number - 1, 1));
}

function monthText(year: number, index: number): string {
  return `${year}-${String(index + 1).padStart(2, "0")}`;
}
