/** Folders of spools as the hub's backup sees them. */
export { holdFolder, type HeldFile, type HeldFolder } from "./spool/hold.ts";
export { lockFolder } from "./spool/lock.ts";
export { SpoolError } from "./spool/settings.ts";
