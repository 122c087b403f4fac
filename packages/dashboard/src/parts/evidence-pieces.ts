/** Sorts what a failed check left behind into pieces a page knows how to draw; what it does not know stays as JSON. */

export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly names: string;
  readonly validFrom: string;
  readonly validTo: string;
}

export interface EvidencePieces {
  /** Names and values of one line each. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  /** Seconds by phase. */
  readonly phases: Readonly<Record<string, number>>;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly certificates: readonly Certificate[];
  readonly body: string | null;
  /** What is left, as JSON texts. */
  readonly others: readonly (readonly [name: string, json: string])[];
}

/** Sorts evidence. Whatever its shape, nothing of it is lost. */
export function evidencePieces(evidence: Readonly<Record<string, unknown>>): EvidencePieces {
  const { phases, headers, tls, body, status, status_text, ...rest } = evidence;
  const lines: [string, string][] = [];
  const others: [string, string][] = [];
  const put = (name: string, value: unknown): void => {
    if (value === undefined) return;
    if (typeof value === "object" && value !== null)
      others.push([name, JSON.stringify(value, null, 2)]);
    else lines.push([wordsOf(name), typeof value === "string" ? value : JSON.stringify(value)]);
  };
  if (typeof status === "number") put("status", [status, status_text].filter(Boolean).join(" "));
  else {
    put("status", status);
    put("status_text", status_text);
  }
  for (const [name, value] of Object.entries(rest)) put(name, value);
  const { certificates, ...session } = isRecord(tls) ? tls : {};
  for (const [name, value] of Object.entries(session)) put(`tls_${name}`, value);
  if (!isRecord(tls)) put("tls", tls);
  const chain = Array.isArray(certificates) ? certificates.flatMap(certificateOf) : [];
  if (chain.length === 0) put("certificates", certificates);
  if (!isRecord(phases)) put("phases", phases);
  if (!isRecord(headers)) put("headers", headers);
  if (typeof body !== "string") put("body", body);
  return {
    lines,
    phases: numbersOf(phases),
    headers: isRecord(headers)
      ? Object.entries(headers).map(([name, value]) => [name, String(value)])
      : [],
    certificates: chain,
    body: typeof body === "string" ? body : null,
    others,
  };
}

function certificateOf(item: unknown): Certificate[] {
  if (!isRecord(item)) return [];
  const text = (key: string): string => {
    const value = item[key];
    return typeof value === "string" ? value : "";
  };
  return [
    {
      subject: text("subject"),
      issuer: text("issuer"),
      names: text("names"),
      validFrom: text("valid_from"),
      validTo: text("valid_to"),
    },
  ];
}

function numbersOf(value: unknown): Record<string, number> {
  if (!isRecord(value)) return {};
  const numbers: Record<string, number> = {};
  for (const [key, one] of Object.entries(value)) if (typeof one === "number") numbers[key] = one;
  return numbers;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wordsOf(name: string): string {
  const words = name
    .replaceAll("_", " ")
    .replace(/\b(url|tls|http|ip)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}
