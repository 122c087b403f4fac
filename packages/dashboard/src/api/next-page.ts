/** Lists the hub gives page by page. */
import type { Page } from "./client.ts";
import type { Reply } from "./failure.ts";

/** Puts the next page of a list behind what is shown; nothing happens at its end, or when it changed meanwhile. */
export async function appendNextPage<T>(
  list: { value: Page<T> | null },
  ask: (cursor: string) => Promise<Reply<Page<T>>>,
): Promise<void> {
  const former = list.value;
  if (former === null || former.next_cursor === null) return;
  const reply = await ask(former.next_cursor);
  if (reply.kind === "failed" || list.value !== former) return;
  list.value = {
    items: [...former.items, ...reply.value.items],
    next_cursor: reply.value.next_cursor,
  };
}

/** The newest page, with what was loaded behind it before: nobody is thrown back to the top. */
export function withOlder<T extends { readonly id: string }>(
  fresh: Page<T>,
  former: Page<T> | null,
): Page<T> {
  const last = fresh.items.at(-1);
  if (former === null || last === undefined || fresh.next_cursor === null) return fresh;
  const at = former.items.findIndex(({ id }) => id === last.id);
  const older = at === -1 ? [] : former.items.slice(at + 1);
  if (older.length === 0) return fresh;
  return { items: [...fresh.items, ...older], next_cursor: former.next_cursor };
}
