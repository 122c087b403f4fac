/** Asks before the samples of a host are deleted. */
import type { Signal } from "@preact/signals";
import type { Failure } from "../../api/failure.ts";
import { DeleteDialog } from "../../parts/delete-dialog.tsx";

interface CleanProps {
  readonly name: string;
  readonly open: Signal<boolean>;
  readonly onClean: () => Promise<Failure | undefined>;
}

/** Opened by “Clean”. */
export function CleanDialog({ name, open, onClean }: CleanProps) {
  return (
    <DeleteDialog
      title="Delete its samples?"
      name={null}
      verb="Delete samples"
      open={open}
      onDelete={onClean}
    >
      All samples of <b>{name}</b> up to now are deleted and cannot be brought back. The host stays,
      with its settings, status and incidents, and goes on from here.
    </DeleteDialog>
  );
}
