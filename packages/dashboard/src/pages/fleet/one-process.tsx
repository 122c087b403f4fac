/** The process that is alone on its database: how it fares, and what to do when one is no longer enough. */
import type { FleetMemberView } from "@belfry/contract";
import { formatCount, formatLatency, formatShare } from "../../format/number.ts";
import { Ago } from "../../parts/ago.tsx";
import { CopyText } from "../../parts/copy-text.tsx";
import { checksWords } from "./fleet-words.ts";

/** Draws it. */
export function OneProcess({ process }: { process: FleetMemberView }) {
  return (
    <>
      <div class="headline">
        <h1>One process does everything</h1>
      </div>
      <dl class="fleet-totals">
        <Figure title="Process" value={process.name} />
        <Figure title="Version" value={process.version} />
        <div>
          <dt>Runs for</dt>
          <dd>
            <Ago at={process.joined_at} as="since" />
          </dd>
        </div>
        <Figure title="Monitors" value={formatCount(process.monitors)} />
        <Figure title="Checks" value={checksWords(process.checks_per_second)} />
        <Figure title="Lag" value={formatLatency(process.lag_seconds * 1000)} />
        <Figure title="CPU, of one core" value={formatShare(process.cpu_cores)} />
      </dl>
      <section class="fleet-ladder" aria-labelledby="ladder-title">
        <h2 id="ladder-title">When one is no longer enough</h2>
        <p>
          Belfry keeps everything in one SQLite file here, and needs nothing else. For more checks
          than one process can do, or to go on while a machine is away, put it on PostgreSQL and
          start as many as you like: the work is spread over them, and what one leaves, the others
          take over within seconds.
        </p>
        <ol>
          <li>
            <p>Stop this process, and move everything to an empty PostgreSQL database:</p>
            <CopyText
              text="npx belfry db copy --from ./data --to postgres://belfry@db:5432/belfry"
              what="the command"
            />
          </li>
          <li>
            <p>
              Set <code>database</code> to that address on each machine, and start{" "}
              <code>belfry hub</code>: pages, alerts and checks from each of them.
            </p>
          </li>
          <li>
            <p>
              Where only checks are wanted, start <code>belfry worker</code>.
            </p>
          </li>
        </ol>
        <p>
          <code>docs/OPERATIONS.md</code> has each step.
        </p>
      </section>
    </>
  );
}

function Figure({ title, value }: { title: string; value: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </div>
  );
}
