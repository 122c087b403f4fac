import { certificate, serve, serveTls, tarpit, testAuthority } from "./probe.kit.ts";
import { probeContract } from "./probe.contract.ts";

probeContract({
  kind: "tls",
  well: async (t) => {
    const port = await serveTls(t, certificate("good"), tarpit);
    return { settings: { host: "localhost", port, tls: { ca: testAuthority() } } };
  },
  silent: async (t) => ({ settings: { host: "127.0.0.1", port: await serve(t, tarpit) } }),
  target: /^localhost:\d+$/,
  host: "localhost",
});
