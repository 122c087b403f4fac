/** Picks the monitors without which this one cannot be up, by searching for their names. */
import { useSignal } from "@preact/signals";
import type { MonitorView } from "@belfry/contract";
import { useEffect } from "preact/hooks";
import { useForm } from "../../form/form-state.ts";
import { useProblem } from "../../form/control.tsx";
import { Icon } from "../../parts/icon.tsx";
import { plainOverview } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";

const path = ["depends_on"] as const;
const offered = 20;

/** Draws what was picked and a field to pick more. */
export function DependsOn() {
  const { client } = useParts();
  const form = useForm();
  const names = useSignal<ReadonlyMap<string, string>>(new Map());
  const found = useSignal<readonly MonitorView[]>([]);
  const text = useSignal("");
  const problem = useProblem(path);
  const held = form.get(path);
  const ids: readonly string[] = Array.isArray(held)
    ? held.filter((id) => typeof id === "string")
    : [];

  useEffect(() => {
    // Names of what was picked before; a monitor that is gone keeps its id for a name.
    for (const id of ids) {
      if (names.value.has(id)) continue;
      void client.monitor(id).then((reply) => {
        if (reply.kind === "ok") names.value = new Map(names.value).set(id, reply.value.name);
      });
    }
  }, []);

  async function search(words: string): Promise<void> {
    text.value = words;
    const picked = found.value.find((one) => one.name === words);
    if (picked !== undefined && !ids.includes(picked.id)) {
      names.value = new Map(names.value).set(picked.id, picked.name);
      form.set(path, [...ids, picked.id]);
      text.value = "";
      return;
    }
    const reply = await client.listMonitors(
      { ...plainOverview, q: words, order: "name" },
      { cursor: null, limit: offered },
    );
    if (reply.kind === "ok" && text.value === words) found.value = reply.value.items;
  }

  return (
    <fieldset class="field-group depends-on">
      <legend>Depends on</legend>
      <p class="field-help">
        Monitors without which this one cannot be up, as a server behind its router.
      </p>
      {ids.map((id) => (
        <button
          key={id}
          type="button"
          class="chip chip-on"
          aria-label={`Not on ${names.value.get(id) ?? id}`}
          onClick={() =>
            form.set(
              path,
              ids.filter((one) => one !== id),
            )
          }
        >
          {names.value.get(id) ?? id}
          <Icon name="close" />
        </button>
      ))}
      <input
        list="depends-on-offers"
        aria-label="Add a monitor by its name"
        placeholder="Name of a monitor"
        autocomplete="off"
        value={text}
        onFocus={() => void search(text.value)}
        onInput={(event) => void search(event.currentTarget.value)}
      />
      <datalist id="depends-on-offers">
        {found.value
          .filter((one) => !ids.includes(one.id))
          .map((one) => (
            <option key={one.id} value={one.name}>
              {one.target}
            </option>
          ))}
      </datalist>
      {problem !== "" && <p class="field-problem">{problem}</p>}
    </fieldset>
  );
}
