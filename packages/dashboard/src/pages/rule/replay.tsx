/** When a rule would have rung: a lane of time for each series, and one of them as a chart with its limit. */
import { useSignal } from "@preact/signals";
import type { AlertRuleInput } from "@belfry/contract";
import { formatCount, formatPlural } from "../../format/number.ts";
import { formatDuration, formatInstant, formatMoment } from "../../format/time.ts";
import { countedBy, valueWords } from "../../parts/metric-words.ts";
import type { Span } from "../../route/route.ts";
import { RingChart } from "./ring-chart.tsx";
import { lanesOf, placed, replayScope, replayTitle, ticksOf, type Lane } from "./ring-lanes.ts";
import { SeriesName } from "./series-name.tsx";
import type { Tried } from "./trial.tsx";

const mostLanes = 12;
const mostRings = 8;

/** Draws what was found. */
export function Replay({ tried }: { tried: Tried }) {
  const { rule, replay, span } = tried;
  const lanes = lanesOf(replay);
  const chosen = useSignal(lanes[0]?.key ?? "");
  const lane = lanes.find(({ key }) => key === chosen.value);
  return (
    <section class="replay" aria-labelledby="replay-title">
      <h3 id="replay-title">{replayTitle(replay, span)}</h3>
      <p class="quiet">{replayScope(replay, rule.subject)}</p>
      {lanes.length > 0 && (
        <div class="lanes">
          <ul>
            {lanes.slice(0, mostLanes).map((one) => (
              <LaneRow
                key={one.key}
                lane={one}
                span={span}
                isChosen={one.key === chosen.value}
                onChoose={() => (chosen.value = one.key)}
              />
            ))}
          </ul>
          <Axis span={span} />
        </div>
      )}
      {lanes.length > mostLanes && (
        <p class="quiet">and {formatCount(lanes.length - mostLanes)} series more</p>
      )}
      {lane !== undefined && (
        <>
          <RingChart key={lane.key} lane={lane} tried={tried} />
          <Rings lane={lane} rule={rule} />
        </>
      )}
    </section>
  );
}

interface RowProps {
  readonly lane: Lane;
  readonly span: Span;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function LaneRow({ lane, span, isChosen, onChoose }: RowProps) {
  const { rings } = lane;
  return (
    <li>
      <button type="button" class="lane" aria-pressed={isChosen} onClick={onChoose}>
        <span class="lane-head">
          <SeriesName subject={lane.subject} series={lane.series} />
          <span class="lane-count">{formatPlural(rings.length, "time")}</span>
        </span>
        <svg class="lane-bar" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          {rings.map((ring) => {
            const { left, width } = placed(ring, span);
            return <rect key={ring.from} x={left} y={0} width={width} height={1} />;
          })}
        </svg>
      </button>
    </li>
  );
}

function Axis({ span }: { span: Span }) {
  return (
    <div class="lane-axis" aria-hidden="true">
      {ticksOf(span).map(({ at, left, label }) => (
        <span key={at} style={{ "--left": left }}>
          {label}
        </span>
      ))}
    </div>
  );
}

/** The times one series rang, the newest first. */
function Rings({ lane, rule }: { lane: Lane; rule: AlertRuleInput }) {
  const counted = countedBy(rule.condition);
  const newest = lane.rings.toReversed();
  return (
    <>
      <ol class="lane-rings">
        {newest.slice(0, mostRings).map((ring) => (
          <li key={ring.from}>
            <time dateTime={new Date(ring.from).toISOString()} title={formatInstant(ring.from)}>
              {formatMoment(ring.from, Date.now())}
            </time>
            <b>{valueWords(ring.value, counted)}</b>
            <span class="quiet">
              {ring.isOpen ? "and still would" : `for ${formatDuration(ring.to - ring.from)}`}
            </span>
          </li>
        ))}
      </ol>
      {newest.length > mostRings && (
        <p class="quiet">and {formatCount(newest.length - mostRings)} times before</p>
      )}
    </>
  );
}
