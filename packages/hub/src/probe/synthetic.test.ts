import { probeContract } from "./probe.contract.ts";

probeContract({
  kind: "synthetic",
  well: async () => ({ settings: { longest_wait_seconds: 0.01 } }),
  silent: async () => ({ settings: { longest_wait_seconds: 60 } }),
  target: /^made up$/,
  host: "",
});
