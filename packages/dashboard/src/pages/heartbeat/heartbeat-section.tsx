/** What the page of a monitor shows besides where it waits to be called: its address, when it is expected, its calls. */
import { useSignal } from "@preact/signals";
import type { HeartbeatView } from "@belfry/contract";
import { describeFailure } from "../../api/failure.ts";
import { formatDuration, formatInstant } from "../../format/time.ts";
import { useFollowed } from "../../live/use-followed.ts";
import { Ago } from "../../parts/ago.tsx";
import { CopyText } from "../../parts/copy-text.tsx";
import { useParts } from "../../shell/parts.ts";
import { cronOf, scheduleText, utcText } from "./heartbeat-words.ts";
import { Pings } from "./pings.tsx";
import { snippetsOf } from "./snippets.ts";
import "./heartbeat.css";

/** Calls come at any time and are not pushed to pages. */
const everyMs = 5000;

/** Draws it for the monitor of an id. */
export function HeartbeatSection({ id }: { id: string }) {
  const { client } = useParts();
  const heartbeat = useFollowed(`heartbeat ${id}`, () => client.heartbeat(id), { everyMs });
  const known = heartbeat.value.value;
  const failure = heartbeat.failure.value;
  if (known === null) {
    return failure === null ? (
      <p class="visually-hidden">Loading…</p>
    ) : (
      <p class="quiet">How it is called cannot be shown. {describeFailure(failure)}</p>
    );
  }
  return (
    <>
      <div class="heartbeat-columns">
        <Expected heartbeat={known} />
        <HowToCall heartbeat={known} />
      </div>
      <Pings id={id} pings={known.pings} />
    </>
  );
}

function Expected({ heartbeat }: { heartbeat: HeartbeatView }) {
  const { running_since: running, last_duration_seconds: lasted, late_at: late } = heartbeat;
  return (
    <section class="heartbeat-expected" aria-labelledby="expected-title">
      <h2 id="expected-title">Expected {scheduleText(heartbeat.schedule)}</h2>
      {heartbeat.expected.length === 0 ? (
        <p class="quiet">Never again: its schedule has come to its end.</p>
      ) : (
        <ol>
          {heartbeat.expected.map(({ at, local }) => (
            <li key={at}>
              <b>{formatInstant(Date.parse(at))}</b> <Ago at={at} />
              <span class="quiet">
                {utcText(at)} UTC
                {heartbeat.timezone !== "UTC" &&
                  `, ${local.slice(0, 16).replace("T", " ")} in ${heartbeat.timezone}`}
              </span>
            </li>
          ))}
        </ol>
      )}
      {heartbeat.hint !== null && (
        <p class="heartbeat-hint" role="note">
          {heartbeat.hint.text}
        </p>
      )}
      <p class="quiet">
        The times in bold are those of your zone. A call may come{" "}
        {formatDuration(heartbeat.grace_seconds * 1000)} late
        {late !== null && (
          <>
            : without one it counts as down <Ago at={late} />
          </>
        )}
        .
      </p>
      {running !== null && (
        <p>
          A run goes on for <Ago at={running} as="since" />.
        </p>
      )}
      {lasted !== null && <p>The last run took {formatDuration(lasted * 1000)}.</p>}
    </section>
  );
}

function HowToCall({ heartbeat }: { heartbeat: HeartbeatView }) {
  const chosen = useSignal("curl");
  const { ping_url: url, push_url: push } = heartbeat;
  if (url === null) {
    return (
      <section aria-labelledby="call-title">
        <h2 id="call-title">How to call it</h2>
        <p class="quiet">Its address is a secret. You may read, but not call.</p>
      </section>
    );
  }
  const snippets = snippetsOf(url, cronOf(heartbeat.schedule));
  const shown = snippets.find(({ name }) => name === chosen.value) ?? snippets[0];
  return (
    <section class="heartbeat-call" aria-labelledby="call-title">
      <h2 id="call-title">How to call it</h2>
      <CopyText text={url} what="the address" />
      <p class="quiet">
        <code>/start</code>, <code>/fail</code>, <code>/log</code> or an exit code may follow.
        Uptime Kuma's clients use <code>{push}</code>
      </p>
      <div class="heartbeat-kinds" role="group" aria-label="Where the job runs">
        {snippets.map(({ name }) => (
          <button
            key={name}
            type="button"
            class={name === shown?.name ? "button-main" : ""}
            aria-pressed={name === shown?.name}
            onClick={() => (chosen.value = name)}
          >
            {name}
          </button>
        ))}
      </div>
      {shown !== undefined && (
        <>
          <CopyText text={shown.text} what={`the snippet for ${shown.name}`} />
          <p class="quiet">{shown.where}</p>
        </>
      )}
    </section>
  );
}
