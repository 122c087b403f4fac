import { eventSinkContract, type EventSinkFixture } from "../event-sink.contract.ts";
import { otlpKind } from "./kind.ts";
import { collectorKey, startCollector } from "./otlp-collector.kit.ts";

const wrongKey = "a-key-that-is-wrong";

async function createFixture(): Promise<EventSinkFixture> {
  const collector = await startCollector();
  const config = { endpoint: collector.url, headers: { "X-Api-Key": collectorKey } };
  return {
    config,
    arrived: () =>
      Promise.resolve(collector.logs.map(({ attributes }) => String(attributes["log.record.uid"]))),
    away: collector.away,
    refuse(ids) {
      for (const id of ids) collector.refuse(id);
      return Promise.resolve();
    },
    throttle: (afterMs) => collector.throttle(afterMs),
    misconfigured: { config: { ...config, headers: { "X-Api-Key": wrongKey } }, secret: wrongKey },
    hang: () => collector.hang(),
    [Symbol.asyncDispose]: () => collector[Symbol.asyncDispose](),
  };
}

const endpoint = "http://a:4318";

eventSinkContract({
  kind: otlpKind,
  createFixture,
  wrong: [
    { what: "no address", config: {}, path: "endpoint" },
    { what: "an address of another kind", config: { endpoint: "grpc://a" }, path: "endpoint" },
    {
      what: "an address of a signal that is none",
      config: { endpoint, logs_endpoint: "http://a:99999/" },
      path: "logs_endpoint",
    },
    {
      what: "nothing to send",
      config: { endpoint, logs: false, metrics: false, traces: false },
      path: "logs",
    },
    { what: "another compression", config: { endpoint, compression: "br" }, path: "compression" },
  ],
  knowsIds: false,
});
