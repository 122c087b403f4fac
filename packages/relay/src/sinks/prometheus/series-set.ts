/** Samples put together to series, as a receiver wants them: times rise, and no time is there twice. */
import type { RecordSample } from "./record-samples.ts";
import type { WrittenSeries } from "./write-request.ts";

/** The series in the order of their first samples' times. Of several samples of one series and time the last one counts. */
export function seriesOf(samples: readonly RecordSample[]): readonly WrittenSeries[] {
  const series = new Map<string, Map<number, RecordSample>>();
  for (const sample of samples.toSorted((a, b) => a.timeMs - b.timeMs)) {
    let one = series.get(sample.key);
    if (one === undefined) series.set(sample.key, (one = new Map()));
    one.set(sample.timeMs, sample);
  }
  return [...series.values()].map((byTime) => {
    const sorted = [...byTime.values()];
    return {
      labels: sorted[0]?.labels ?? [],
      samples: sorted.map(({ value, timeMs }) => ({ value, timeMs })),
    };
  });
}
