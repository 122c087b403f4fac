#!/usr/bin/env node
/** The agent: this machine's figures, served and sent to hubs. */
import { launchAgent } from "./launch-agent.js";

launchAgent("belfry-agent", process.argv.slice(2));
