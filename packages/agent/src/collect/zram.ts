/** Memory compressed into itself as a disk (zram): `mm_stat` of `/sys/block/zram*`, in bytes. */
import { readdirSync, readFileSync } from "node:fs";
import type { CollectorSpec } from "./collector.ts";
import { gauge } from "./metric.ts";

/** In the order of the file. */
const fields = [
  gauge("belfry_zram_original_bytes", "Bytes stored, before they were compressed"),
  gauge("belfry_zram_compressed_bytes", "Bytes stored, compressed"),
  gauge("belfry_zram_memory_bytes", "Memory used, with all that storing takes"),
] as const;

export const zram: CollectorSpec = {
  name: "zram",
  pace: 15,
  metrics: fields,
  create({ roots }, { section }) {
    const folder = `${roots.sys}/block`;
    return {
      collect() {
        for (const device of namesIn(folder)) {
          if (!device.startsWith("zram")) continue;
          // A device that was not set up has the size 0 and stores nothing.
          if (!(Number(textOf(`${folder}/${device}/disksize`)) > 0)) continue;
          const values = textOf(`${folder}/${device}/mm_stat`).trim().split(/ +/).map(Number);
          fields.forEach((metric, place) => {
            const value = values[place];
            if (value !== undefined && !Number.isNaN(value)) section.put(metric, { device }, value);
          });
        }
      },
      [Symbol.dispose]: () => undefined,
    };
  },
};

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty where there is no such file, or none any more. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
