/** The last calls of a heartbeat: when, what, how long the run took, and what it said. */
import type { PingView } from "@belfry/contract";
import { useEffect } from "preact/hooks";
import type { Page } from "../../api/client.ts";
import { describeFailure } from "../../api/failure.ts";
import { appendNextPage, withOlder } from "../../api/next-page.ts";
import { formatBytes, formatCount } from "../../format/number.ts";
import { formatDuration, formatInstant, formatMoment } from "../../format/time.ts";
import { useFollowed } from "../../live/use-followed.ts";
import { useParts } from "../../shell/parts.ts";

interface PingsProps {
  readonly id: string;
  /** How many calls there were: another number has the list read anew. */
  readonly pings: number;
}

const atOnce = 25;
/** A call, with an id that lists are put together by. */
type Row = PingView & { readonly id: string };

/** Draws the list. */
export function Pings({ id, pings }: PingsProps) {
  const { client } = useParts();
  const ask = async (cursor?: string) => {
    const reply = await client.pings(id, { limit: atOnce, cursor });
    if (reply.kind === "failed") return reply;
    const items: readonly Row[] = reply.value.items.map((one) => ({ ...one, id: String(one.n) }));
    return { kind: "ok", value: { ...reply.value, items } } as const;
  };
  const list = useFollowed<Page<Row>>(`pings ${id}`, () => ask(), { merge: withOlder });
  useEffect(() => list.refresh(), [pings]);
  const page = list.value.value;
  const failure = list.failure.value;
  return (
    <section class="pings" aria-labelledby="pings-title">
      <h2 id="pings-title">
        Calls <span class="quiet">{formatCount(pings)} so far</span>
      </h2>
      {page === null && failure !== null && <p class="quiet">{describeFailure(failure)}</p>}
      {page?.items.length === 0 && (
        <p class="quiet">It was never called. Copy the address above into the job.</p>
      )}
      <ol>
        {page?.items.map((ping) => (
          <Ping key={ping.id} ping={ping} />
        ))}
      </ol>
      {page !== null && page.next_cursor !== null && (
        <button type="button" onClick={() => void appendNextPage(list.value, ask)}>
          Older calls
        </button>
      )}
    </section>
  );
}

const titles = {
  success: "Success",
  start: "Start",
  fail: "Failure",
  log: "Log",
} as const satisfies Record<PingView["kind"], string>;

function Ping({ ping }: { ping: PingView }) {
  const at = Date.parse(ping.at);
  return (
    <li class={`ping ping-${ping.kind}`}>
      <p>
        <span class="ping-number">{formatCount(ping.n)}</span>
        <b>{titles[ping.kind]}</b>
        {ping.exit_code !== null && <span>exit code {ping.exit_code}</span>}
        {ping.duration_seconds !== null && (
          <span>took {formatDuration(ping.duration_seconds * 1000)}</span>
        )}
        {ping.rid !== null && <span class="mono">{ping.rid}</span>}
        <span class="quiet ping-source" title={ping.user_agent}>
          {ping.method} from {ping.source}
          {ping.user_agent !== "" && `, ${ping.user_agent}`}
        </span>
        <time class="quiet" dateTime={ping.at} title={formatInstant(at)}>
          {formatMoment(at, Date.now())}
        </time>
      </p>
      {ping.body !== "" && (
        <details>
          <summary>Body, {formatBytes(ping.body_bytes)}</summary>
          <pre tabIndex={0}>{ping.body}</pre>
        </details>
      )}
    </li>
  );
}
