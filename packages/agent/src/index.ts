export type { Agent, AgentParts, AgentSettings, CollectorState } from "./agent.ts";
export { readIdentity } from "./identity.ts";
export type { Identity, IdentitySettings } from "./identity.ts";
export { readUname, systemView } from "./serve/system-view.ts";
export type { SystemView, SystemViewSettings, Uname } from "./serve/system-view.ts";
export { createAgent } from "./agent.ts";
