/** Chooses a monitor, a host or a job by its name. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { toldKinds, type ToldKind, type WouldTellView } from "../../route/alert-route.ts";
import { formatRoute, plainOverview } from "../../route/route.ts";
import { useParts, type Parts } from "../../shell/parts.ts";

/** What can be chosen. */
interface Choice {
  readonly id: string;
  readonly name: string;
  /** What it is besides its name: a target, an application. */
  readonly detail: string;
}

const kindTitles = { monitor: "Monitor", host: "Host", job: "Job" } as const satisfies Record<
  ToldKind,
  string
>;
const most = 12;

/** Draws the kinds, the search and what was found, each a link to the answer. */
export function SubjectPicker({ view }: { view: WouldTellView }) {
  const { client, router } = useParts();
  const text = useSignal("");
  const found = useSignal<readonly Choice[] | Failure | null>(null);

  async function search(words: string): Promise<void> {
    text.value = words;
    const reply = await choicesOf(client, view.kind, words);
    if (text.value === words) found.value = reply;
  }
  useEffect(() => void search(text.value), [view.kind]);

  return (
    <div class="subject-picker">
      <div class="subject-fields">
        <select
          aria-label="What it is about"
          value={view.kind}
          onChange={({ currentTarget: { value } }) => {
            const kind = toldKinds.find((one) => one === value);
            if (kind !== undefined) router.go({ ...view, kind, id: null });
          }}
        >
          {toldKinds.map((kind) => (
            <option key={kind} value={kind}>
              {kindTitles[kind]}
            </option>
          ))}
        </select>
        <input
          id="search"
          type="search"
          aria-label={`Search ${kindTitles[view.kind].toLowerCase()}s`}
          placeholder="Search by name"
          autocomplete="off"
          spellcheck={false}
          maxLength={200}
          value={text}
          onInput={({ currentTarget }) => void search(currentTarget.value)}
        />
      </div>
      <Found found={found.value} view={view} isSearch={text.value.trim() !== ""} />
    </div>
  );
}

interface FoundProps {
  readonly found: readonly Choice[] | Failure | null;
  readonly view: WouldTellView;
  readonly isSearch: boolean;
}

function Found({ found, view, isSearch }: FoundProps) {
  if (found === null) return null;
  if (!isList(found)) return <p class="field-problem">{describeFailure(found)}</p>;
  if (found.length === 0) {
    return (
      <p class="quiet">{isSearch ? `No ${view.kind} fits.` : `There is no ${view.kind} yet.`}</p>
    );
  }
  return (
    <ul class="subject-found">
      {found.slice(0, most).map(({ id, name, detail }) => (
        <li key={id}>
          <a href={formatRoute({ ...view, id })} title={name}>
            {name}
          </a>{" "}
          <span class="quiet">{detail}</span>
        </li>
      ))}
      {found.length > most && <li class="quiet">and more: search for it</li>}
    </ul>
  );
}

function isList(found: readonly Choice[] | Failure): found is readonly Choice[] {
  return Array.isArray(found);
}

async function choicesOf(
  client: Parts["client"],
  kind: ToldKind,
  words: string,
): Promise<readonly Choice[] | Failure> {
  const fits = ({ name }: { readonly name: string }): boolean =>
    name.toLowerCase().includes(words.trim().toLowerCase());
  switch (kind) {
    case "monitor": {
      const reply = await client.listMonitors(
        { ...plainOverview, q: words.trim(), order: "name" },
        { cursor: null, limit: most + 1 },
      );
      if (reply.kind === "failed") return reply.failure;
      return reply.value.items.map(({ id, name, target }) => ({ id, name, detail: target }));
    }
    case "host": {
      const reply = await client.hosts(null);
      if (reply.kind === "failed") return reply.failure;
      return reply.value.items.filter(fits).map(({ id, name }) => ({ id, name, detail: "" }));
    }
    case "job": {
      const reply = await client.jobs(null);
      if (reply.kind === "failed") return reply.failure;
      return reply.value.items
        .filter(fits)
        .map(({ id, name, app, site }) => ({ id, name, detail: `${app}, ${site}` }));
    }
  }
}
