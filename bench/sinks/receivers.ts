/** The fakes of a receiver of remote_write and of a collector, in a process of their own. Prints their addresses. */
import { startCollector } from "../../packages/relay/src/sinks/otlp/otlp-collector.kit.ts";
import { startReceiver } from "../../packages/relay/src/sinks/prometheus/receiver.kit.ts";

const [receiver, collector] = await Promise.all([startReceiver(), startCollector()]);
process.stdout.write(`${receiver.url} ${collector.url}\n`);
