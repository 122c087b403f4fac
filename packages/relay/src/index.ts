export { placeholders, type Format, parseFormat } from "./format.ts";
export type { OutputRecord } from "./record.ts";
export { OutputSchema, parseOutput, type OutputSettings } from "./sinks/registry.ts";
