/** What was written to the store: the record that everything that is told is held against. */
import type { Transition } from "../../model/judgement.ts";
import type { NewNotice } from "../../model/notice.ts";
import type { Store } from "../../store/port.ts";

export interface Written {
  /** In order; a change that was handed over again is written once. */
  readonly transitions: readonly Transition[];
  /** In order. */
  readonly notices: readonly NewNotice[];
}

/** The store, and what is written to it from now on. */
export function watchWrites(store: Store): { readonly written: Written; readonly watched: Store } {
  const transitions: Transition[] = [];
  const notices: NewNotice[] = [];
  const marks = new Set<string>();
  const watched: Store = {
    ...store,
    async commit(change) {
      const result = await store.commit(change);
      const mark = `${change.mark?.writer} ${change.mark?.number}`;
      if (!marks.has(mark)) transitions.push(...change.transitions);
      marks.add(mark);
      return result;
    },
    async commitAlerting(step) {
      await store.commitAlerting(step);
      notices.push(...(step.notices ?? []));
    },
    async settleNotice(settled) {
      const isNew = await store.settleNotice(settled);
      if (isNew) notices.push(...settled.instead);
      return isNew;
    },
  };
  return { written: { transitions, notices }, watched };
}
