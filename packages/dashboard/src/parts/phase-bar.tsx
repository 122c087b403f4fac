/** The phases of one check as a bar with its figures. */
import { phasesOf } from "../chart/phases.ts";
import { formatLatency } from "../format/number.ts";
import "./phase-bar.css";

/** Draws phases; seconds by key. Nothing is drawn where nothing was measured. */
export function PhaseBar({ seconds }: { seconds: Readonly<Record<string, number>> }) {
  const phases = phasesOf(Object.keys(seconds));
  const total = phases.reduce((sum, { key }) => sum + (seconds[key] ?? 0), 0);
  if (total <= 0) return null;
  return (
    <div class="phase-bar">
      <div class="phase-bar-field" aria-hidden="true">
        {phases.map(({ key, color }) => (
          <span
            key={key}
            style={{ flexGrow: (seconds[key] ?? 0) / total, background: `var(${color})` }}
          />
        ))}
      </div>
      <dl>
        {phases
          .filter(({ key }) => (seconds[key] ?? 0) > 0)
          .map(({ key, title, color }) => (
            <div key={key}>
              <dt>
                <span class="phase-bar-swatch" style={{ background: `var(${color})` }} />
                {title}
              </dt>
              <dd>{formatLatency((seconds[key] ?? 0) * 1000)}</dd>
            </div>
          ))}
      </dl>
    </div>
  );
}
