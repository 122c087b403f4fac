/** Who is told what and when, one below the other as time goes on. */
import type { WouldTell } from "@belfry/contract";
import { formatDuration, formatInstant } from "../../format/time.ts";
import { plainRoutes } from "../../route/alert-route.ts";
import { formatRoute } from "../../route/route.ts";
import { toldOf, whenWords } from "./told-words.ts";

type Told = WouldTell["told"][number];

/** Draws the list; nothing for nobody. */
export function ToldList({ found }: { found: WouldTell }) {
  if (found.told.length === 0) return null;
  const lasting = Date.parse(found.until) - Date.parse(found.at);
  return (
    <>
      <ol class="told-list">
        {found.told.map((told) => (
          <Row key={`${told.at} ${told.kind} ${told.channel.id} ${told.route.id}`} told={told} />
        ))}
      </ol>
      <p class="quiet told-until">
        While it lasts and nobody acknowledges it; followed for {formatDuration(lasting)}.
      </p>
    </>
  );
}

function Row({ told }: { told: Told }) {
  const { channel, route } = told;
  const isDeaf = !channel.enabled || channel.trouble !== null;
  return (
    <li class={isDeaf ? "told told-deaf" : "told"}>
      <time dateTime={told.at} title={formatInstant(Date.parse(told.at))}>
        {whenWords(told.after_seconds)}
      </time>
      <div>
        <p>
          <a href={formatRoute({ page: "channels", id: channel.id })}>
            <b>{channel.name}</b>
          </a>{" "}
          <span class="chip">{channel.kind}</span>{" "}
          <span class="quiet">
            {toldOf(told.kind)}
            {told.every_seconds !== null &&
              `, again every ${formatDuration(told.every_seconds * 1000)}`}
            , {route.id === null ? "as a default" : "by "}
            {route.id !== null && <a href={formatRoute(plainRoutes)}>{route.name}</a>}
          </span>
        </p>
        {told.why !== null && <p class="quiet">{told.why}</p>}
        {!channel.enabled && <p class="told-why">Switched off: it is told nothing.</p>}
        {channel.enabled && channel.trouble !== null && (
          <p class="told-why">It takes nothing at present: {channel.trouble.why}</p>
        )}
      </div>
    </li>
  );
}
