import { fileURLToPath } from "node:url";
import { faultSuite } from "./fault.contract.ts";

faultSuite("around a job that uses the SDK", {
  node: process.execPath,
  sdk: fileURLToPath(new URL("../index.ts", import.meta.url)),
});
