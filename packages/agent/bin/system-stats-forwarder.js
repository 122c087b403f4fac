#!/usr/bin/env node
/** Posts the figures of a System Stats Service to one or several Monitoring Stack servers. */
import { launchAgent } from "./launch-agent.js";

launchAgent("system-stats-forwarder", process.argv.slice(2));
