/** Counters of IP, ICMP, TCP and UDP: `/proc/net/{netstat,snmp,snmp6}`, the fields node_exporter takes. */
import type { Metric, Slot } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { counter } from "./metric.ts";
import { Named } from "./named.ts";
import { netFolder } from "./network.ts";
import { Scan } from "./scan.ts";

const wanted =
  /^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/;

/** Some of them go down too; as node_exporter's they have no type of their own. */
function metricOf(protocol: string, field: string): Metric {
  return counter(`node_netstat_${protocol}_${field}`, `Statistic ${protocol}${field}.`);
}

/** Those of today's kernels. */
const fieldsOf = {
  Icmp: "InErrors InMsgs OutMsgs",
  Icmp6: "InErrors InMsgs OutMsgs",
  Ip: "Forwarding",
  Ip6: "InOctets OutOctets",
  IpExt: "InOctets OutOctets",
  Tcp: "ActiveOpens CurrEstab InErrs InSegs OutRsts OutSegs PassiveOpens RetransSegs",
  TcpExt:
    "ListenDrops ListenOverflows SyncookiesFailed SyncookiesRecv SyncookiesSent TCPOFOQueue TCPRcvQDrop TCPSynRetrans TCPTimeouts",
  Udp: "InDatagrams InErrors NoPorts OutDatagrams RcvbufErrors SndbufErrors",
  Udp6: "InDatagrams InErrors NoPorts OutDatagrams RcvbufErrors SndbufErrors",
  UdpLite: "InErrors",
  UdpLite6: "InErrors",
} as const;
const known = Object.entries(fieldsOf).flatMap(([protocol, fields]) =>
  fields.split(" ").map((field) => metricOf(protocol, field)),
);

export const netstat: CollectorSpec = {
  name: "netstat",
  pace: "core",
  metrics: known,
  create({ roots }, { section }) {
    const folder = netFolder(roots);
    const tables = ["netstat", "snmp"].map((name) => ({
      file: new KeptFile(`${folder}/${name}`),
      heads: new Named<readonly (Slot | null)[]>(section, (head) => {
        const [protocol = "", ...fields] = head.trim().split(" ");
        return fields.map((field) => slotOf(protocol.slice(0, -1), field));
      }),
    }));
    const list = new KeptFile(`${folder}/snmp6`);
    const lines = new Named<Slot | null>(section, (name) => {
      const end = name.indexOf("6") + 1;
      return end === 0 ? null : slotOf(name.slice(0, end), name.slice(end));
    });
    const slotOf = (protocol: string, field: string): Slot | null =>
      wanted.test(`${protocol}_${field}`) ? section.slot(metricOf(protocol, field)) : null;
    const set = (slot: Slot | null | undefined, value: number): void => {
      if (slot !== null && slot !== undefined && !Number.isNaN(value)) section.set(slot, value);
    };
    const scan = new Scan();
    return {
      collect() {
        for (const { file, heads } of tables) {
          if (!scan.load(file.read())) continue;
          heads.begin();
          // A line of names, then a line of their values.
          for (; scan.hasMore; scan.nextLine()) {
            scan.line();
            const slots = heads.find(scan);
            scan.nextLine();
            scan.word();
            for (let i = 0; i < slots.length; i += 1) set(slots[i], scan.number());
          }
        }
        if (!scan.load(list.read())) return;
        lines.begin();
        for (; scan.hasMore; scan.nextLine()) {
          if (scan.word()) set(lines.find(scan), scan.number());
        }
      },
      [Symbol.dispose]() {
        for (const { file } of tables) file[Symbol.dispose]();
        list[Symbol.dispose]();
      },
    };
  },
};
