import { isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import type { SecretName } from "./secret-versions";

const key = "secretVersions";

/**
 * The text of a substation's file with one of its secret versions set. All else stays as it is, to the letter: the change is one line of a review.
 * @throws Error where the file does not say what it says in the usual way, e.g. as one flow mapping: then a person has to write the number
 */
export function withSecretVersion(text: string, name: SecretName, version: number): string {
  const { contents } = parseDocument(text, { version: "1.2", schema: "core" });
  const entry = `${name}: ${version}`;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  if (!isMap(contents) || contents.flow) throw new Error("it is not written as one key a line");
  const versions: unknown = contents.get(key, true);
  if (!contents.has(key)) {
    const before = text === "" || text.endsWith("\n") ? text : `${text}${eol}`;
    const why = "# Raised by `substation rotate`: a higher number is a new secret.";
    return `${before}${eol}${why}${eol}${key}:${eol}  ${entry}${eol}`;
  }
  if (!isMap(versions)) throw new Error(`${key} holds no numbers by name`);
  const old = versions.get(name, true);
  if (isScalar(old) && old.range) return splice(text, old.range[0], old.range[1], String(version));
  return insertFirst(text, versions, entry, eol);
}

function insertFirst(text: string, map: YAMLMap, entry: string, eol: string): string {
  const first = (map.items[0]?.key as { range?: [number, number, number] } | undefined)?.range?.[0];
  const start = map.range?.[0];
  if (start === undefined) throw new Error(`${key} stands nowhere`);
  if (first === undefined) return splice(text, start, map.range?.[1] ?? start, `{ ${entry} }`);
  if (map.flow) return splice(text, first, first, `${entry}, `);
  const indent = text.slice(text.lastIndexOf("\n", first - 1) + 1, first);
  return splice(text, first, first, `${entry}${eol}${indent}`);
}

const splice = (text: string, from: number, to: number, by: string): string =>
  text.slice(0, from) + by + text.slice(to);
