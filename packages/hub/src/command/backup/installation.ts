/** What belongs to an installation beside its database: entries of the data folder. */
/** The first key, for whoever has to get in. */
export const adminKeyFile = "admin.key";

/** Of `belfry-agent`, where the machine has no id of its own: who this host is. */
const hostIdFile = "host-id";

/** Files that are saved; each is written once. */
export const savedFiles = [adminKeyFile, hostIdFile] as const;

/** Folders that are saved: what outputs have not taken yet. */
export const savedFolders = ["outputs-spool", "remote-write"] as const;

/** A folder in which a restore gathers what it will put into place; see `finish-restore.ts`. */
export const partialFolder = "restore.partial";
/** Its name once everything is there. */
export const readyFolder = "restore.ready";
/** What an interrupted restore left of the database, beside the database. */
export const restoredEnd = ".restored";
