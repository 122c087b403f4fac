/**
 * Anchors are machines that answer whenever Belfry's own network works (a gateway, a name server, the company's site), as
 * people configured them. One that accepts or refuses a connection answers.
 */
import { hostAndPort, type Host } from "./address.ts";
import { Deadline } from "./deadline.ts";
import { dial, type DialParts } from "./dial.ts";
import type { Witness } from "./witness.ts";

/** Where an anchor is reached. */
export interface Anchor {
  readonly host: Host;
  readonly port: number;
}

/** Makes a witness of an anchor; `parts.guard` should let all of it pass, since who runs Belfry chose it. */
export function anchorWitness({ host, port }: Anchor, parts: DialParts): Witness {
  return {
    kind: "anchor",
    address: hostAndPort(host, port),
    async answers(limitMs) {
      const { signal } = new AbortController();
      using deadline = new Deadline(parts.clock, { signal, timeoutMs: limitMs });
      const report = { resolveMs: 0, connectMs: 0, address: null };
      const dialled = await dial(host, port, "any", deadline, parts, report);
      if (dialled.kind === "fault") return dialled.fault.reason === "refused";
      dialled.value.destroy();
      return true;
    },
  };
}
