/** The fields a list is searched and filtered with. What is typed goes into the address. */
import { useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";
import { Icon } from "./icon.tsx";

interface SearchProps {
  /** What is searched for by the address; undefined: it is another page's. */
  readonly asked: ReadonlySignal<string | undefined>;
  readonly label: string;
  readonly placeholder: string;
  readonly onSearch: (q: string) => void;
  /** Called when somebody wants to go on to what was found. */
  readonly onEnter: () => void;
}

/** The search of a list. */
export function SearchField({ asked, label, placeholder, onSearch, onEnter }: SearchProps) {
  const text = useSignal(asked.peek() ?? "");
  useSignalEffect(() => {
    // Back and forward change the search as well; a space just typed at its end is no change.
    const { value: q } = asked;
    if (q !== undefined && q !== text.peek().trim()) text.value = q;
  });
  const search = (q: string): void => {
    text.value = q;
    onSearch(q.trim());
  };
  return (
    <div class="search">
      <Icon name="search" />
      <input
        id="search"
        type="search"
        placeholder={placeholder}
        aria-label={label}
        aria-keyshortcuts="/"
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        value={text}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            if (text.value === "") event.currentTarget.blur();
            else search("");
            event.preventDefault();
          }
          if (event.key === "ArrowDown" || event.key === "Enter") {
            onEnter();
            event.preventDefault();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

interface LabelsProps {
  readonly labels: readonly string[];
  readonly onLabels: (labels: readonly string[]) => void;
}

/** Labels that must hold, and a field for one more. */
export function LabelFilter({ labels, onLabels }: LabelsProps) {
  return (
    <>
      <input
        class="tools-label"
        aria-label="Filter by label"
        placeholder="label:value"
        autocomplete="off"
        spellcheck={false}
        onKeyDown={(event) => {
          const label = event.currentTarget.value.trim();
          if (event.key !== "Enter" || label === "") return;
          event.currentTarget.value = "";
          if (!labels.includes(label)) onLabels([...labels, label]);
        }}
      />
      {labels.map((label) => (
        <button
          key={label}
          type="button"
          class="chip chip-on"
          aria-label={`Without label ${label}`}
          onClick={() => onLabels(labels.filter((one) => one !== label))}
        >
          {label}
          <Icon name="close" />
        </button>
      ))}
    </>
  );
}
