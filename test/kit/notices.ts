/** A webhook that people would read: keeps the notices a hub sends, in the order they came. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Hub } from "./hub.ts";

/** What of a notice of channel `webhook` is looked at. */
export interface ReceivedNotice {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly incidents: readonly {
    readonly id: string;
    readonly status: "firing" | "resolved";
    readonly affected: number;
    readonly cause: string | null;
  }[];
  /** Epoch ms. */
  readonly receivedAt: number;
}

export interface Notices extends AsyncDisposable {
  readonly all: readonly ReceivedNotice[];
  /** Makes it the default channel of a hub; answers with its id. */
  connect(hub: Hub): Promise<string>;
}

/** Starts it on a free loopback port. */
export async function startNotices(): Promise<Notices> {
  const all: ReceivedNotice[] = [];
  const server = createServer((request, response) => {
    const receivedAt = Date.now();
    void text(request).then((body) => {
      // Guarantee: only a hub's webhook channel knows the address.
      all.push({ ...(JSON.parse(body) as Omit<ReceivedNotice, "receivedAt">), receivedAt });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    all,
    async connect(hub) {
      const { id } = await hub.ask<{ id: string }>("POST", "/api/v1/channels", {
        name: "night watch",
        kind: "webhook",
        is_default: true,
        settings: { url: `http://127.0.0.1:${port}/` },
      });
      return id;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
