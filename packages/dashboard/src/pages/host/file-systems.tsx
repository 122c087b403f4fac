/** File systems as `df -h` prints them, with how long they will last. */
import type { FileSystemView } from "@belfry/contract";
import { formatBytes, formatShare } from "../../format/number.ts";
import { ColumnTitles, type Column } from "../../parts/column-titles.tsx";
import { levelOf, levelOfFullIn } from "../../parts/level.ts";
import { Meter } from "../../parts/meter.tsx";
import { fullInWords, sortFileSystems } from "./host-words.ts";

const columns: readonly Column[] = [
  { title: "Mounted on" },
  { title: "Size", class: "num" },
  { title: "Used", class: "num" },
  { title: "Avail", class: "num" },
  { title: "Use %", class: "num" },
  { title: "Inodes", class: "num" },
  { title: "At this rate", class: "fs-when" },
];

/** Draws the table; nothing for a host without file systems. */
export function FileSystems({ all }: { all: readonly FileSystemView[] }) {
  return (
    <table class="data-table file-systems">
      <ColumnTitles columns={columns} />
      <tbody>
        {sortFileSystems(all).map((fs) => (
          <Row key={fs.mountpoint} fs={fs} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ fs }: { fs: FileSystemView }) {
  const level = fs.read_only ? "fine" : levelOf("disk", fs.used_ratio);
  const when = fs.read_only ? "" : fullInWords(fs.full_in);
  const whenLevel = levelOfFullIn(fs.full_in === null ? null : fs.full_in * 1000);
  return (
    <tr>
      <th scope="row">
        <span class="fs-mount">{fs.mountpoint}</span>
        <span class="fs-device" title={`${fs.device} (${fs.fstype})`}>
          {fs.device} · {fs.fstype}
          {fs.read_only && <b> · read-only</b>}
        </span>
      </th>
      <td class="num">{formatBytes(fs.size_bytes)}</td>
      <td class="num">{formatBytes(fs.used_bytes)}</td>
      <td class="num">{formatBytes(fs.available_bytes)}</td>
      <td class="num fs-use">
        <Meter share={fs.used_ratio} level={level} />
      </td>
      <td class="num">
        <span class={`level-text level-${levelOf("disk", fs.inodes_used_ratio)}`}>
          {formatShare(fs.inodes_used_ratio)}
        </span>
      </td>
      <td class={when === "" ? "fs-when quiet" : "fs-when"}>
        <span class={`level-text level-${whenLevel}`}>{when === "" ? "steady" : when}</span>
      </td>
    </tr>
  );
}
