/** A `SpoolDisk` that works in place: the caller's thread waits. For tools that do nothing else meanwhile, and for tests. */
import { codeOf, diskSteps } from "./disk-steps.ts";
import { DiskError, messageOf, type SpoolDisk } from "./disk.ts";

/** Makes a disk without a thread. */
export function createDirectDisk(): SpoolDisk {
  return {
    makeFolder: async (path) => step(() => diskSteps.makeFolder(path)),
    list: async (folder) => step(() => diskSteps.list(folder)),
    read: async (path, offset, length) => step(() => diskSteps.read(path, offset, length)),
    readInto: async (path, offset, target) => step(() => diskSteps.readInto(path, offset, target)),
    create: async (path, bytes) => step(() => diskSteps.create(path, bytes)),
    append: async (handle, bytes) => step(() => diskSteps.append(handle, bytes)),
    close: async (handle) => step(() => diskSteps.close(handle)),
    replace: async (path, bytes, giveUp) => step(() => diskSteps.replace(path, bytes, giveUp)),
    reserve: async (path, sizeBytes) => step(() => diskSteps.reserve(path, sizeBytes)),
    truncate: async (path, sizeBytes) => step(() => diskSteps.truncate(path, sizeBytes)),
    remove: async (path) => step(() => diskSteps.remove(path)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function step<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new DiskError(codeOf(error), messageOf(error));
  }
}
