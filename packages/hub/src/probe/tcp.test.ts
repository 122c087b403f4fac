import { serve, tarpit } from "./fixture.ts";
import { probeContract } from "./probe.contract.ts";

probeContract({
  kind: "tcp",
  well: async (t) => ({ settings: { host: "127.0.0.1", port: await serve(t, tarpit) } }),
  silent: async (t) => {
    const port = await serve(t, tarpit);
    return { settings: { host: "127.0.0.1", port, steps: [{ kind: "expect", value: "220" }] } };
  },
  target: /^127\.0\.0\.1:\d+$/,
  host: "127.0.0.1",
});
