/** What the machine is and who is on it: units, users, hardware, system, addresses. */
import type { ComponentChildren } from "preact";
import type { HostDetails, HostDetailView } from "@belfry/contract";
import { formatBytes, formatShare } from "../../format/number.ts";
import { formatDuration, formatInstant } from "../../format/time.ts";
import { unitWords } from "./host-words.ts";

/** Units of the service manager, those that failed by name. */
export function Units({ units }: { units: NonNullable<HostDetails["units"]> }) {
  return (
    <Card title="Services" more={unitWords(units.states)}>
      {units.failed.length === 0 ? (
        <p class="quiet">None has failed.</p>
      ) : (
        <ul class="failed-units">
          {units.failed.map(({ name, description }) => (
            <li key={name}>
              <b>{name}</b>
              {description !== undefined && <span class="quiet"> {description}</span>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** Who is logged in. */
export function Users({ users }: { users: NonNullable<HostDetails["users"]> }) {
  return (
    <Card title="Logged in" more={users.length === 0 ? "" : `${users.length}`}>
      {users.length === 0 ? (
        <p class="quiet">Nobody.</p>
      ) : (
        <table class="data-table">
          <tbody>
            {users.map((user, i) => (
              <tr key={`${user.name} ${user.terminal} ${i}`}>
                <th scope="row">{user.name}</th>
                <td class="quiet">{user.terminal}</td>
                <td class="quiet">{user.from}</td>
                <td class="quiet">{sinceOf(user.since)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

/** Hardware, system and agent, as far as the host says. */
export function System({ host }: { host: HostDetailView }) {
  const rows = systemRows(host).filter(([, value]) => value !== undefined && value !== "");
  return (
    <Card title="System">
      <dl class="about-list">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** What the loopback has in place of an address. */
const noMac = "00:00:00:00:00:00";

/** The network interfaces with their addresses. */
export function Interfaces({ list }: { list: NonNullable<HostDetails["interfaces"]> }) {
  return (
    <Card title="Interfaces">
      <table class="data-table interfaces">
        <tbody>
          {list.map((one) => (
            <tr key={one.name} class={one.up ? "" : "container-idle"}>
              <th scope="row">
                {one.name}
                {!one.up && <span class="quiet"> down</span>}
              </th>
              <td>
                {one.addresses.map(({ address, prefix }) => (
                  <span key={address}>
                    {address}/{prefix}
                  </span>
                ))}
              </td>
              <td class="quiet">
                {one.mac !== undefined && one.mac !== noMac && <span>{one.mac}</span>}
                {one.speed_mbps !== undefined && (
                  <span>
                    {one.speed_mbps} Mbit/s {one.duplex === "half" ? "half duplex" : ""}
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Card({
  title,
  more = "",
  children,
}: {
  title: string;
  more?: string;
  children: ComponentChildren;
}) {
  return (
    <section class="about-card">
      <h2>
        {title}
        {more !== "" && <span>{more}</span>}
      </h2>
      {children}
    </section>
  );
}

function systemRows(host: HostDetailView): readonly (readonly [string, string | undefined])[] {
  const { system, hardware, limits, batteries } = host.details ?? {};
  const kernel = [system?.os, system?.kernel].filter(Boolean).join(" ");
  return [
    ["System", system?.distribution],
    ["Kernel", kernel],
    ["Architecture", [system?.architecture, system?.virtualization].filter(Boolean).join(", ")],
    ["Model", [hardware?.vendor, hardware?.model].filter(Boolean).join(" ")],
    ["Board", hardware?.board],
    ["BIOS", hardware?.bios],
    ["Serial", hardware?.serial],
    ["Processor", hardware?.cpu_model],
    ["Cores", coresOf(hardware)],
    ["Clock", clockOf(hardware)],
    ["Memory", hardware?.memory_bytes === undefined ? "" : formatBytes(hardware.memory_bytes)],
    ["Limited to", limitsOf(limits)],
    ...(batteries ?? []).map(
      ({ name, status, capacity_ratio: capacity }) =>
        [
          name,
          [capacity === undefined ? "" : formatShare(capacity), status].filter(Boolean).join(", "),
        ] as const,
    ),
    ["Time zone", system?.timezone],
    ["Known as", host.names.length > 1 ? host.names.join(", ") : ""],
    ["Agent", host.agent_version ?? "posts as the Monitoring Stack's clients do"],
    ["Samples", samplesOf(host)],
    ["Silent after", formatDuration(host.silent_after * 1000)],
    [
      "Kept for",
      host.retention_days === null ? "" : formatDuration(host.retention_days * 86_400_000),
    ],
    ["First heard", formatInstant(Date.parse(host.created_at))],
  ];
}

function coresOf(hardware: HostDetails["hardware"]): string {
  const { physical_cores: physical, logical_cores: logical, sockets } = hardware ?? {};
  return [
    logical === undefined ? "" : `${logical}`,
    physical === undefined || physical === logical ? "" : `${physical} physical`,
    sockets === undefined || sockets < 2 ? "" : `${sockets} sockets`,
  ]
    .filter(Boolean)
    .join(", ");
}

function clockOf(hardware: HostDetails["hardware"]): string {
  const { cpu_min_mhz: min, cpu_max_mhz: max } = hardware ?? {};
  const ghz = (mhz: number): string => (mhz / 1000).toFixed(1);
  if (max === undefined) return "";
  return min === undefined ? `up to ${ghz(max)} GHz` : `${ghz(min)} to ${ghz(max)} GHz`;
}

function limitsOf(limits: HostDetails["limits"]): string {
  const { cpu_cores: cores, memory_bytes: memory } = limits ?? {};
  return [
    cores === undefined ? "" : `${cores} cores`,
    memory === undefined ? "" : formatBytes(memory),
  ]
    .filter(Boolean)
    .join(", ");
}

function samplesOf(host: HostDetailView): string {
  const every = host.interval === null ? "" : ` every ${formatDuration(host.interval * 1000)}`;
  return `${host.series} series${every}`;
}

function sinceOf(text: string | undefined): string {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? (text ?? "") : formatInstant(at);
}
