/** What is shown while there is no monitor at all. */
import { Brand } from "../../parts/brand.tsx";
import { formatRoute, newMonitor } from "../../route/route.ts";

/** Leads to the first monitor, by hand or by command. */
export function FirstRun() {
  const command = [
    `curl ${location.origin}/api/v1/monitors \\`,
    `  --json '{"name": "example", "url": "https://example.org/"}'`,
  ].join("\n");
  return (
    <section class="first-run">
      <Brand ringing={false} />
      <h1>Nothing to watch yet</h1>
      <p>
        A monitor is something Belfry checks again and again: a web page, a port, a name, a
        certificate. It is checked the moment it is made.
      </p>
      <a class="button button-main" href={formatRoute(newMonitor)}>
        New monitor <kbd aria-hidden="true">n</kbd>
      </a>
      <p>Or from a shell:</p>
      <pre tabIndex={0}>{command}</pre>
    </section>
  );
}
