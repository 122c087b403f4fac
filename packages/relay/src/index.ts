export { parseFormat, placeholders, type Format } from "./format.ts";
export type { OutputLog, OutputStats } from "./output.ts";
export { createOutputs, type Outputs, type OutputsParts, type OutputsStats } from "./outputs.ts";
export type { OutputRecord } from "./record.ts";
export { OutputSchema, parseOutput, type OutputSettings } from "./sinks/registry.ts";
