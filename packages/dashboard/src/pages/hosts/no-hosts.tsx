/** What is shown while no host was ever heard from: how to start an agent. */
import { CopyText } from "../../parts/copy-text.tsx";

/** Leads to the first host. */
export function NoHosts() {
  const command = `belfry agent --hub ${location.origin} --key KEY`;
  const makeKey = "belfry key create agents --scope ingest";
  return (
    <section class="no-hosts">
      <h1>No hosts yet</h1>
      <p>
        A host is a machine that runs Belfry's agent: one small process that sends what{" "}
        <code>top</code>, <code>df</code> and <code>free</code> would say, every five seconds. Start
        it on the machine, and the machine appears here by itself.
      </p>
      <CopyText text={command} what="the command" />
      <p>
        KEY is one that may send and do nothing else. The machine Belfry runs on makes one; on that
        machine itself none is needed while Belfry asks for none.
      </p>
      <CopyText text={makeKey} what="the command that makes a key" />
    </section>
  );
}
