/** Notices with their state; opened, each shows the log of its deliveries. */
import { useSignal } from "@preact/signals";
import type { DeliveryView, NoticeView } from "@belfry/contract";
import { describeFailure, type Failure } from "../api/failure.ts";
import { formatLatency } from "../format/number.ts";
import { formatInstant, formatMoment } from "../format/time.ts";
import { useParts } from "../shell/parts.ts";
import { Ago } from "./ago.tsx";
import { noticeKindTitle, noticeStateTitle, noticeTone } from "./notice-words.ts";
import "./notice-list.css";

interface ListProps {
  readonly notices: readonly NoticeView[];
  /** What of a notice is not said by the place it stands at: its channel, or its title. */
  readonly whereOf: (notice: NoticeView) => string;
}

/** Draws the list; nothing for none. */
export function NoticeList({ notices, whereOf }: ListProps) {
  if (notices.length === 0) return null;
  return (
    <ul class="notices">
      {notices.map((notice) => (
        <Notice key={notice.id} notice={notice} where={whereOf(notice)} />
      ))}
    </ul>
  );
}

function Notice({ notice, where }: { notice: NoticeView; where: string }) {
  const { client } = useParts();
  const log = useSignal<readonly DeliveryView[] | Failure | null>(null);
  const created = Date.parse(notice.created_at);
  async function load(): Promise<void> {
    const reply = await client.deliveries(notice.id);
    log.value = reply.kind === "ok" ? reply.value.items : reply.failure;
  }
  return (
    <li class={`notice-row notice-row-${noticeTone(notice.state)}`}>
      <details onToggle={(event) => event.currentTarget.open && void load()}>
        <summary>
          <span class="notice-row-state">{noticeStateTitle(notice.state)}</span>
          <span class="notice-row-where">
            <b>{where}</b> <span class="quiet">{noticeKindTitle(notice.kind)}</span>
          </span>
          <time class="quiet" dateTime={notice.created_at} title={formatInstant(created)}>
            {formatMoment(created, Date.now())}
          </time>
        </summary>
        <Log log={log.value} />
      </details>
      {notice.state !== "sent" && notice.why !== null && (
        <p class="notice-row-why">
          {notice.why}
          {notice.next_attempt_at !== null && notice.state === "waiting" && (
            <>
              {" "}
              Next attempt <Ago at={notice.next_attempt_at} />.
            </>
          )}
        </p>
      )}
    </li>
  );
}

function Log({ log }: { log: readonly DeliveryView[] | Failure | null }) {
  if (log === null) return <p class="quiet">Loading…</p>;
  if (!isLog(log)) return <p class="quiet">{describeFailure(log)}</p>;
  if (log.length === 0) return <p class="quiet">Not attempted yet.</p>;
  return (
    <ol class="deliveries">
      {log.map((delivery) => (
        <li key={delivery.attempt}>
          <p>
            Attempt {delivery.attempt}: <b>{delivery.result}</b>{" "}
            <span class="quiet">
              {formatInstant(Date.parse(delivery.at))}, took {formatLatency(delivery.duration_ms)}
            </span>
          </p>
          {delivery.why !== null && <p>{delivery.why}</p>}
          <Exchange title="Request" text={delivery.request} />
          <Exchange title="Answer" text={delivery.answer} />
        </li>
      ))}
    </ol>
  );
}

/** What went over the wire, as text; nothing for none. */
export function Exchange({ title, text }: { title: string; text: string | null }) {
  if (text === null || text === "") return null;
  return (
    <figure class="exchange">
      <figcaption>{title}</figcaption>
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}

function isLog(log: readonly DeliveryView[] | Failure): log is readonly DeliveryView[] {
  return Array.isArray(log);
}
