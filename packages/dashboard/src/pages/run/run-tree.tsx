/** The runs below a run on a time line: each a bar from when it began to when it ended; those under way grow. */
import { useSignal } from "@preact/signals";
import type { RunTreeView, RunView } from "@belfry/contract";
import { formatPlural } from "../../format/number.ts";
import { formatDuration, formatInstant } from "../../format/time.ts";
import { RunMark } from "../../parts/run-mark.tsx";
import {
  errorLine,
  lastedWords,
  nameOfRun,
  ratioOf,
  stateOfRun,
  stateTitle,
} from "../../parts/run-words.ts";
import { formatRoute } from "../../route/route.ts";
import { runPage } from "../../route/job-route.ts";
import { useParts } from "../../shell/parts.ts";
import { figureWords, isProgress } from "../../parts/figure-words.ts";
import { layoutTree, ticksOf, type TreeLayout, type TreeRow } from "./tree.ts";

/** More rows than this are drawn only when asked for. */
const mostRows = 60;
const ticks = 6;

/** Draws the tree; nothing where there is only the run itself. */
export function RunTree({ tree }: { tree: RunTreeView }) {
  const { now } = useParts();
  const isWhole = useSignal(false);
  const isLive = [tree, ...tree.subruns].some(({ status }) => status === "running");
  // What is over needs no clock.
  const at = isLive ? now.value : Date.parse(tree.updated_at);
  const drawn = layoutTree(tree, at);
  const rows = isWhole.value ? drawn.rows : drawn.rows.slice(0, mostRows);
  if (tree.subruns.length === 0) return null;
  return (
    <section class="run-section" aria-labelledby="tree-title">
      <header>
        <h2 id="tree-title">Parts</h2>
        <p class="quiet">{formatPlural(tree.subruns.length, "run")} below it</p>
      </header>
      <div class="run-tree">
        <Axis layout={drawn} />
        <ol>
          {rows.map((row) => (
            <Row key={row.run.id} row={row} layout={drawn} at={at} />
          ))}
        </ol>
      </div>
      {rows.length < drawn.rows.length && (
        <button type="button" onClick={() => (isWhole.value = true)}>
          Show all {drawn.rows.length}
        </button>
      )}
      {tree.subruns_truncated && (
        <p class="quiet">There are more runs, or deeper ones; each leads to those below it.</p>
      )}
    </section>
  );
}

function Axis({ layout }: { layout: TreeLayout }) {
  const length = layout.to - layout.from;
  return (
    <div class="tree-axis" aria-hidden="true">
      {ticksOf(length, ticks).map((tick) => (
        <span key={tick} style={{ left: `${(tick / length) * 100}%` }}>
          {formatDuration(tick)}
        </span>
      ))}
    </div>
  );
}

interface RowProps {
  readonly row: TreeRow;
  readonly layout: TreeLayout;
  readonly at: number;
}

function Row({ row, layout, at }: RowProps) {
  const { run, depth } = row;
  const state = stateOfRun(run);
  const id = `tip-${run.id}`;
  const name = (
    <>
      <RunMark state={state} />
      <span class="tree-name">{nameOfRun(run)}</span>
      <span class="visually-hidden">, {stateTitle(state)}</span>
    </>
  );
  return (
    <li class={`tree-row is-${state}`} data-depth={depth}>
      {depth === 0 ? (
        <span class="tree-link">{name}</span>
      ) : (
        <a
          class="tree-link"
          href={formatRoute(runPage(run.id))}
          aria-describedby={id}
          style={{ "--depth": Math.min(depth - 1, 6) }}
        >
          {name}
        </a>
      )}
      <span class="tree-track">
        <span
          class="tree-bar"
          style={{
            left: `min(${row.left * 100}%, calc(100% - 3px))`,
            width: `${row.width * 100}%`,
          }}
        >
          {run.status === "running" && ratioOf(run) !== null && (
            <span class="tree-done" style={{ width: `${(ratioOf(run) ?? 0) * 100}%` }} />
          )}
        </span>
      </span>
      <span class="tree-lasted">{lastedWords(run, at)}</span>
      <Tip id={id} row={row} layout={layout} at={at} />
    </li>
  );
}

/** All that is known of a run in a few words, beside its bar while it is pointed at or focused. */
function Tip({ id, row, layout, at }: RowProps & { id: string }) {
  const { run, from } = row;
  const isLate = row.left > 0.5;
  return (
    <span id={id} class={isLate ? "tree-tip tree-tip-left" : "tree-tip"} role="tooltip">
      <b>
        {stateTitle(stateOfRun(run))}
        {run.is_slow && ", slow"}
      </b>
      <span>
        {from === null
          ? "When it began is not known"
          : `began after ${formatDuration(from - layout.from)}, ${lastedWords(run, at)} long`}
      </span>
      {from !== null && <span>{formatInstant(from)}</span>}
      {figuresOf(run) !== "" && <span>{figuresOf(run)}</span>}
      {errorLine(run) !== "" && <span class="tree-tip-error">{errorLine(run)}</span>}
    </span>
  );
}

function figuresOf(run: RunView): string {
  return Object.entries(run.metrics)
    .filter(([name]) => name !== "duration_s" && !isProgress(name))
    .slice(0, 4)
    .map(([name, value]) => {
      const { title, words } = figureWords(name, value);
      return `${title} ${words}`;
    })
    .join(" · ");
}
