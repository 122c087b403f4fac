/** What a failed check left behind: what was asked and answered, how long it took, who it was. */
import { formatInstant } from "../format/time.ts";
import { evidencePieces, type Certificate } from "./evidence-pieces.ts";
import { PhaseBar } from "./phase-bar.tsx";
import "./evidence.css";

/** Draws the pieces of evidence that are there. */
export function Evidence({ evidence }: { evidence: Readonly<Record<string, unknown>> }) {
  const { lines, phases, headers, certificates, body, others } = evidencePieces(evidence);
  return (
    <div class="evidence">
      <PhaseBar seconds={phases} />
      {lines.length > 0 && <Pairs pairs={lines} />}
      {certificates.length > 0 && <Chain certificates={certificates} />}
      {headers.length > 0 && (
        <details>
          <summary>Headers ({headers.length})</summary>
          <Pairs pairs={headers} isCode />
        </details>
      )}
      {body !== null && body !== "" && (
        <figure>
          <figcaption>Body, its beginning</figcaption>
          <pre tabIndex={0}>{body}</pre>
        </figure>
      )}
      {others.map(([name, json]) => (
        <figure key={name}>
          <figcaption>{name.replaceAll("_", " ")}</figcaption>
          <pre tabIndex={0}>{json}</pre>
        </figure>
      ))}
    </div>
  );
}

function Pairs({
  pairs,
  isCode = false,
}: {
  pairs: readonly (readonly [string, string])[];
  isCode?: boolean;
}) {
  return (
    <dl class={isCode ? "pairs mono" : "pairs"}>
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Chain({ certificates }: { certificates: readonly Certificate[] }) {
  return (
    <ol class="chain" aria-label="Certificate chain">
      {certificates.map((certificate, i) => (
        <li key={`${certificate.subject} ${i}`}>
          <b>{certificate.subject === "" ? "no subject" : certificate.subject}</b>
          <span>by {certificate.issuer}</span>
          <span>
            {dateOf(certificate.validFrom)} – {dateOf(certificate.validTo)}
          </span>
          {certificate.names !== "" && <span>{certificate.names}</span>}
        </li>
      ))}
    </ol>
  );
}

function dateOf(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : formatInstant(at);
}
