/** What a run left behind: its error with the stack, its figures, its metadata. */
import type { RunView } from "@belfry/contract";
import { formatShare } from "../../format/number.ts";
import { CopyText } from "../../parts/copy-text.tsx";
import { figureWords, isProgress } from "../../parts/figure-words.ts";

/** What went wrong, in full. */
export function RunError({ run }: { run: RunView }) {
  const { error } = run;
  if (error === null) return null;
  const { type, message, stack } = error;
  return (
    <section class="run-section run-error" aria-labelledby="error-title">
      <header>
        <h2 id="error-title">{type ?? "Error"}</h2>
      </header>
      {message !== null && <p class="run-error-message">{message}</p>}
      {stack !== null && stack !== "" && <CopyText text={stack} what="the stack" />}
    </section>
  );
}

/** What the run used: time of processors, memory, the longest wait of its event loop. */
export function RunUse({ run, isShared }: { run: RunView; isShared: boolean }) {
  const { metrics, duration_seconds: lasted } = run;
  const [user, system] = [metrics["cpu_user_s"], metrics["cpu_system_s"]];
  const cpu = user === undefined && system === undefined ? null : (user ?? 0) + (system ?? 0);
  const memory = metrics["mem_max_mb"];
  const lag = metrics["event_loop_lag_max_s"];
  const figures = [
    ...(cpu === null
      ? []
      : [
          {
            title: "CPU time",
            value: figureWords("cpu_user_s", cpu).words,
            more:
              lasted !== null && lasted > 0
                ? `${formatShare(cpu / lasted)} of a core`
                : "user and system",
          },
        ]),
    ...(memory === undefined
      ? []
      : [
          {
            title: "Peak memory",
            value: figureWords("mem_max_mb", memory).words,
            more: "resident",
          },
        ]),
    ...(lag === undefined
      ? []
      : [
          {
            title: "Event-loop lag",
            value: figureWords("event_loop_lag_max_s", lag).words,
            more: "the longest",
          },
        ]),
  ];
  if (figures.length === 0) return null;
  return (
    <>
      <dl class="run-use" aria-label="What it used">
        {figures.map(({ title, value, more }) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <span class="run-use-value">{value}</span>
              <span class="run-use-more">{more}</span>
            </dd>
          </div>
        ))}
      </dl>
      {isShared && (
        <p class="quiet run-shared">Of the whole process: other runs were under way in it.</p>
      )}
    </>
  );
}

const shownAbove = new Set(["cpu_user_s", "cpu_system_s", "mem_max_mb", "event_loop_lag_max_s"]);

/** The run's own figures, and what came with its events. */
export function RunData({
  run,
  metadata,
}: {
  run: RunView;
  metadata: Readonly<Record<string, unknown>>;
}) {
  const metrics = Object.entries(run.metrics).filter(
    ([name]) => !isProgress(name) && !shownAbove.has(name) && name !== "duration_s",
  );
  const facts = Object.entries(metadata);
  return (
    <>
      {metrics.length > 0 && (
        <section class="run-section" aria-labelledby="metrics-title">
          <header>
            <h2 id="metrics-title">Figures</h2>
          </header>
          <table class="run-table">
            <tbody>
              {metrics.map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{figureWords(name, value).title}</th>
                  <td class="num">{figureWords(name, value).words}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {facts.length > 0 && (
        <section class="run-section" aria-labelledby="metadata-title">
          <header>
            <h2 id="metadata-title">Metadata</h2>
          </header>
          <table class="run-table">
            <tbody>
              {facts.map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    {typeof value === "string" ? value : <code>{JSON.stringify(value)}</code>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
