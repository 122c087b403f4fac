#!/usr/bin/env node
/** The agent under the name and with the defaults of the System Stats Service. */
import { launchAgent } from "./launch-agent.js";

launchAgent("system-stats-service", process.argv.slice(2));
