/** A YAML file as plain values that know their line. */
import {
  LineCounter,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
} from "yaml";

/** One key of a mapping with what is behind it. */
export interface YamlEntry {
  readonly key: string;
  readonly line: number;
  readonly value: YamlValue;
}

export interface YamlValue {
  readonly line: number;
  /** The entries, where the value is a mapping. */
  readonly entries: readonly YamlEntry[] | undefined;
  /** As JavaScript has it. */
  readonly plain: unknown;
  /** The line of a part: `[0].path`; of what is around it where there is no such part. */
  lineOf(part: string): number;
}

/** A file that could be read, or what is wrong with it by line. */
export type YamlFile =
  | { readonly kind: "ok"; readonly value: YamlValue }
  | {
      readonly kind: "bad";
      readonly problems: readonly { readonly line: number; readonly message: string }[];
    };

/** Reads YAML 1.2; a key twice is refused, tags and several documents too. */
export function readYaml(text: string): YamlFile {
  const counter = new LineCounter();
  const lineAt = (offset: number): number => counter.linePos(offset).line;
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    stringKeys: true,
  });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return {
      kind: "bad",
      problems: faults.map(({ code, pos, message }) => ({
        line: lineAt(pos[0]),
        message:
          code === "MULTIPLE_DOCS"
            ? "expected one document, found several"
            : message.replaceAll(/\s+/g, " "),
      })),
    };
  }
  try {
    return { kind: "ok", value: valueOf(document.contents, document, lineAt, 1) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "bad", problems: [{ line: 1, message }] };
  }
}

type LineAt = (offset: number) => number;

function valueOf(given: unknown, document: Document, lineAt: LineAt, around: number): YamlValue {
  const node = resolved(given, document);
  const line = lineOfNode(node, lineAt) ?? around;
  return {
    line,
    entries: isMap(node)
      ? node.items.map(({ key, value }) => {
          const keyLine = isNode(key) ? (lineOfNode(key, lineAt) ?? line) : line;
          return {
            key: isScalar(key) ? String(key.value) : String(key),
            line: keyLine,
            value: valueOf(value, document, lineAt, keyLine),
          };
        })
      : undefined,
    plain: node === undefined ? undefined : node.toJS(document),
    lineOf: (part) => lineOfPart(node, part, document, lineAt) ?? line,
  };
}

function resolved(given: unknown, document: Document): Node | undefined {
  if (isAlias(given)) return given.resolve(document);
  return isNode(given) ? given : undefined;
}

function lineOfNode(node: Node | undefined, lineAt: LineAt): number | undefined {
  return node?.range === undefined || node.range === null ? undefined : lineAt(node.range[0]);
}

function lineOfPart(
  node: Node | undefined,
  part: string,
  document: Document,
  lineAt: LineAt,
): number | undefined {
  let line = lineOfNode(node, lineAt);
  let current = node;
  for (const step of part.match(/[^.[\]]+/g) ?? []) {
    const key: string | number = isSeq(current) ? Number(step) : step;
    if (!isMap(current) && !isSeq(current)) break;
    current = resolved(current.get(key, true), document);
    line = lineOfNode(current, lineAt) ?? line;
  }
  return line;
}
