/** The keys of all pages, in a dialog. */
import type { Signal } from "@preact/signals";
import { Dialog } from "../parts/dialog.tsx";
import { RunMark } from "../parts/run-mark.tsx";
import { stateMeaning, stateTitle } from "../parts/run-words.ts";
import { bySeverity, meaningOf, titleOf } from "../parts/status-words.ts";
import { StatusMark } from "../parts/status-mark.tsx";
import { jobStates } from "../route/job-route.ts";
import { keyCap, keyTable, type KeyPlace } from "./keys.ts";

const places: readonly (readonly [place: KeyPlace, title: string])[] = [
  ["everywhere", "Everywhere"],
  ["overview", "Lists"],
  ["monitor", "Monitor"],
  ["host", "Host"],
  ["job", "Job"],
  ["incident", "Incident"],
];

/** Opened by `?`. */
export function Help({ open }: { open: Signal<boolean> }) {
  return (
    <Dialog title="Keys and marks" open={open.value} onClose={() => (open.value = false)}>
      <div class="help">
        {places.map(([place, title]) => (
          <section key={place}>
            <h3>{title}</h3>
            <dl>
              {keyTable
                .filter((row) => row.place === place)
                .map((row) => (
                  <div key={row.what}>
                    <dt>
                      {row.keys.map((key) => (
                        <kbd key={key}>{keyCap(key)}</kbd>
                      ))}
                    </dt>
                    <dd>{row.what}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Marks of monitors and hosts</h3>
          <dl>
            {bySeverity.map((status) => (
              <div key={status}>
                <dt>
                  <StatusMark status={status} />
                </dt>
                <dd>
                  <strong>{titleOf(status)}</strong> – {meaningOf(status)}
                </dd>
              </div>
            ))}
          </dl>
        </section>
        <section>
          <h3>Marks of jobs and runs</h3>
          <dl>
            {jobStates.map((state) => (
              <div key={state}>
                <dt>
                  <RunMark state={state} />
                </dt>
                <dd>
                  <strong>{stateTitle(state)}</strong> – {stateMeaning(state)}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
