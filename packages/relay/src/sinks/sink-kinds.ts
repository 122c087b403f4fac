/** All kinds of sinks, by the type that configuration names them with. */
import type { EventSinkKind } from "../event-sink.ts";
import { awsCloudwatchKind } from "./aws_cloudwatch/kind.ts";
import { awsXrayKind } from "./aws_xray/kind.ts";
import { consoleKind } from "./console/kind.ts";
import { csvKind } from "./csv/kind.ts";
import { elkKind } from "./elk/kind.ts";
import { fileKind } from "./file/kind.ts";
import { hubKind, localApiKind } from "./hub/kind.ts";
import { jsonKind } from "./json/kind.ts";
import { otlpKind } from "./otlp/kind.ts";
import { prometheusKind } from "./prometheus/kind.ts";
import { webhookKind } from "./webhook/kind.ts";
import { zabbixKind } from "./zabbix/kind.ts";

const kinds: readonly EventSinkKind[] = [
  awsCloudwatchKind,
  awsXrayKind,
  consoleKind,
  csvKind,
  elkKind,
  fileKind,
  hubKind,
  jsonKind,
  localApiKind,
  webhookKind,
  prometheusKind,
  zabbixKind,
  otlpKind,
];

/** By type. */
export const eventSinkKinds: ReadonlyMap<string, EventSinkKind> = new Map(
  kinds.map((kind) => [kind.type, kind]),
);
