/** What of a job rings: everything, or what is chosen. */
import { ringNames, type ScheduleDraft } from "./schedule-draft.ts";

interface RingsProps {
  readonly draft: ScheduleDraft;
  readonly set: (change: Partial<ScheduleDraft>) => void;
}

/** Draws the choice. */
export function RingsField({ draft: { rings }, set }: RingsProps) {
  return (
    <fieldset class="field-group">
      <legend>It rings when</legend>
      <div class="schedule-kinds">
        <label>
          <input
            type="radio"
            name="rings"
            checked={rings === null}
            onChange={() => set({ rings: null })}
          />
          Anything is wrong
        </label>
        <label>
          <input
            type="radio"
            name="rings"
            checked={rings !== null}
            onChange={() => set({ rings: ringNames.map(([name]) => name) })}
          />
          Only some of it
        </label>
      </div>
      {rings === null ? (
        <p class="field-help">Of a job that is a part of another, only what is late.</p>
      ) : (
        <div class="choice-set">
          {ringNames.map(([name, words]) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={rings.includes(name)}
                onChange={({ currentTarget: { checked } }) =>
                  set({
                    rings: ringNames
                      .map(([one]) => one)
                      .filter((one) => (one === name ? checked : rings.includes(one))),
                  })
                }
              />
              {words}
            </label>
          ))}
        </div>
      )}
      {rings?.length === 0 && <p class="field-help">Nothing: it never rings.</p>}
    </fieldset>
  );
}
