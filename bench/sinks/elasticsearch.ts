/** The fake Elasticsearch as a process of its own, so that its CPU is not the sink's. Prints its address. */
import { startElasticsearch } from "../../packages/relay/src/sinks/elk/elasticsearch.kit.ts";

const { url } = await startElasticsearch();
process.stdout.write(`${url}\n`);
