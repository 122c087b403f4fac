export {
  AppRef,
  EntityRef,
  type AppFields,
  type Emitter,
  type EntityFields,
  type EventKind,
  type JobEvent,
  type Metadata,
  type RunStatus,
  type Trace,
} from "./event.ts";
export { FileEmitter } from "./emit/file.ts";
export type { QueueOptions } from "./emit/queue-emitter.ts";
export { HubEmitter, SidecarEmitter, type HttpOptions } from "./emit/sidecar.ts";
export { ConsoleEmitter, MemoryEmitter, SeveralEmitters } from "./emit/simple.ts";
export { monitor, monitored, type MonitoredOptions } from "./monitored.ts";
export { Monitored, type MonitoredFields } from "./python.ts";
export type { Level, Progress, Run } from "./run.ts";
export { currentRun, startRun, within, type RunOptions } from "./start.ts";
export { ec2Surroundings, type Surroundings } from "./surroundings.ts";
