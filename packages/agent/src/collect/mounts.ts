/**
 * What is mounted: `/proc/1/mountinfo`, or `/proc/self/mountinfo` where the first process may not be looked at. The table
 * is taken apart only when its bytes changed.
 *
 *     27 1 254:0 / /mnt/my\040disk rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro
 *
 * (id, parent, device number, root within the file system, mount point, options of the mount, any number of optional
 * fields, a dash, type, source, options of the file system.) Spaces, tabs, line ends and backslashes are octal.
 *
 * A process of its own may see more than there is: a hardened unit has everything mounted again, read-only or in part.
 * So where only that view can be had, options of mounts are not believed, and parts of a file system that is there as
 * a whole are left out. Where the machine's root is mounted in a container (`/host`), only what lies there is the
 * machine's, and is named as it is on the machine.
 */
import type { Roots } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";

export interface Mount {
  /** As the table names it: `/dev/sda1`, `server:/export`, `tmpfs`. */
  readonly device: string;
  readonly mountpoint: string;
  readonly fstype: string;
  readonly isReadOnly: boolean;
}

interface Line extends Mount {
  readonly number: string;
  /** Not all of the file system: a bound folder, a subvolume. */
  readonly isPart: boolean;
  /** Here; the file system itself may be written to elsewhere. */
  readonly isMountedReadOnly: boolean;
}

export class MountTable implements Disposable {
  readonly #ofFirst: KeptFile;
  readonly #own: KeptFile;
  readonly #root: string;
  #isOwnView = false;
  #bytes: Buffer | null = null;
  #mounts: readonly Mount[] = [];

  constructor({ proc, root }: Roots) {
    this.#root = root;
    this.#ofFirst = new KeptFile(`${proc}/1/mountinfo`, { hasLongRecords: true });
    this.#own = new KeptFile(`${proc}/self/mountinfo`, { hasLongRecords: true });
  }

  /** The mounts; the same array as long as nothing changed. Of several at one place the one that can be seen. */
  read(): readonly Mount[] {
    const bytes = this.#isOwnView ? this.#own.read() : (this.#ofFirst.read() ?? this.#readOwn());
    if (bytes === undefined) return (this.#mounts = []);
    if (this.#bytes?.equals(bytes) === true) return this.#mounts;
    this.#bytes = Buffer.from(bytes);
    this.#mounts = parseMounts(bytes.toString("utf8"), {
      isOwnView: this.#isOwnView,
      root: this.#root,
    });
    return this.#mounts;
  }

  #readOwn(): Buffer | undefined {
    this.#isOwnView = true;
    return this.#own.read();
  }

  [Symbol.dispose](): void {
    this.#ofFirst[Symbol.dispose]();
    this.#own[Symbol.dispose]();
  }
}

interface View {
  readonly isOwnView: boolean;
  readonly root: string;
}

function parseMounts(text: string, { isOwnView, root }: View): readonly Mount[] {
  const lines = text.split("\n").flatMap(parseLine);
  const below = root === "" ? [] : lines.flatMap((line) => strip(line, root));
  // The machine's first process knows nothing of the place its root has in a container.
  const isContainers = below.length > 0;
  const machines = isContainers ? below : lines;
  const isTrusted = !isOwnView && !isContainers;
  const whole = new Set(machines.flatMap((line) => (line.isPart ? [] : line.number)));
  const seen = new Map<string, Mount>();
  for (const line of machines) {
    if (!isTrusted && line.isPart && whole.has(line.number)) continue;
    const { device, mountpoint, fstype } = line;
    const isReadOnly = line.isReadOnly || (isTrusted && line.isMountedReadOnly);
    // What is mounted later hides what was there, and stands where it came in the table.
    seen.delete(mountpoint);
    seen.set(mountpoint, { device, mountpoint, fstype, isReadOnly });
  }
  return [...seen.values()];
}

/** A mount below `root` as the machine names it; nothing of any other. */
function strip(line: Line, root: string): Line[] {
  const { mountpoint } = line;
  if (mountpoint === root) return [{ ...line, mountpoint: "/" }];
  if (!mountpoint.startsWith(`${root}/`)) return [];
  return [{ ...line, mountpoint: mountpoint.slice(root.length) }];
}

function parseLine(line: string): Line[] {
  const [left = "", right] = line.split(" - ");
  const [, , number = "", root = "", place, options = ""] = left.split(" ");
  const [fstype = "", device = "", superOptions = ""] = right?.split(" ") ?? [];
  if (place === undefined || fstype === "") return [];
  const isReadOnly = (list: string): boolean => list.split(",").includes("ro");
  return [
    {
      number,
      isPart: root !== "/",
      mountpoint: unescapeOctal(place),
      device,
      fstype,
      isReadOnly: isReadOnly(superOptions),
      isMountedReadOnly: isReadOnly(options),
    },
  ];
}

/** The kernel escapes bytes, not characters. */
function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes = Buffer.from(text).toString("latin1");
  const plain = bytes.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, "latin1").toString("utf8");
}
