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
