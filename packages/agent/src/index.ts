export type { Agent, AgentParts, AgentSettings, CollectorState } from "./agent.ts";
