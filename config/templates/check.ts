import type { Document } from "../document";
import { pathText, validate, type Report } from "../issues";
import { modules, type Module } from "../modules";
import { quote, type Problem } from "../problem";
import { valueAt } from "../shape";
import { share } from "../units";
import { common, ofGoods, placeholderFinding } from "./placeholders";
import { templateSchema, type TemplateFile, type TemplateGoods } from "./schema";

/** A template's file as it was written, and what is wrong with it. */
export function readTemplate(document: Document): {
  readonly value?: TemplateFile;
  readonly problems: readonly Problem[];
} {
  if (document.broken) return { problems: document.problems };
  const { value, problems } = validate(templateSchema, document);
  const all = [...document.problems, ...problems, ...textProblems(document)];
  if (value) all.push(...keyProblems(document, value), ...goodsProblems(document, value.goods ?? []));
  return value && all.length === 0 ? { value, problems: [] } : { problems: all };
}

/** `goods[1].mainPrice is "1.00": <why>.` */
const withValue =
  (document: Document): Report =>
  (path, code, why) => {
    const value = valueAt(document.value, path);
    const seen = typeof value === "string" ? ` is ${quote(value)}` : "";
    return { ...document.at(path), code, message: `${pathText(path)}${seen}: ${why}.` };
  };

/** Texts that name what nobody knows; of a file whose form may be wrong elsewhere. */
function textProblems(document: Document): Problem[] {
  const report = withValue(document);
  const declared = Object.keys(valueAt(document.value, ["variables"]) ?? {});
  const taken = declared.filter((name) => [...common, ...ofGoods].some((known) => known === name));
  const texts: readonly (readonly [key: string, fields: readonly string[], names: readonly string[]])[] = [
    ["goods", ["title", "description"], [...common, ...ofGoods, ...declared]],
    ["notices", ["text"], [...common, ...declared]],
    ["pages", ["title", "text"], [...common, ...declared]],
  ];
  return [
    ...taken.map((name) => ({
      ...document.keyAt(["variables", name]),
      code: "template/variable" as const,
      message: `variables.${name}: {{${name}}} is filled in without it; choose another name.`,
    })),
    ...texts.flatMap(([key, fields, names]) => {
      const items = valueAt(document.value, [key]);
      return (Array.isArray(items) ? items : []).flatMap((_, i) =>
        fields.flatMap((field) => {
          const text = valueAt(document.value, [key, i, field]);
          const finding = typeof text === "string" ? placeholderFinding(text, names) : undefined;
          return finding ? [report([key, i, field], finding.code, finding.why)] : [];
        }),
      );
    }),
  ];
}

/** What names an item for ever is one of a kind. */
function keyProblems(document: Document, { notices = [], pages = [] }: TemplateFile): Problem[] {
  const report = withValue(document);
  const twice = (name: string, field: string, keys: readonly string[]): Problem[] =>
    keys.flatMap((key, i) =>
      keys.indexOf(key) === i
        ? []
        : [
            report(
              [name, i, field],
              "template/repeated",
              `${name}[${keys.indexOf(key)}] has it; write another`,
            ),
          ],
    );
  return [
    ...twice("notices", "key", notices.map(({ key }) => key)), // prettier-ignore
    ...twice("pages", "slug", pages.map(({ slug }) => slug)), // prettier-ignore
  ];
}

function goodsProblems(document: Document, goods: readonly TemplateGoods[]): Problem[] {
  const report = withValue(document);
  return goods.flatMap((item, i): Problem[] => {
    const { categories, faceValues } = (modules as Readonly<Record<string, Module>>)[item.module]!.goods;
    const found: Problem[] = [];
    if (item.category !== undefined && categories && !categories.includes(item.category)) {
      const why = `${item.module} has ${categories.join(", ")}; write one of these`;
      found.push(report(["goods", i, "category"], "template/goods", why));
    }
    const none = item.faceValues === undefined && !faceValues;
    const one = none || item.faceValues?.length === 1;
    const isShare = share.parse(item.mainPrice) !== undefined;
    if (isShare && none) {
      const why = "there is no face value that it could be a share of; write an amount, or add faceValues";
      found.push(report(["goods", i, "mainPrice"], "template/goods", why));
    }
    if (!isShare && !one) {
      const why = "one amount for several face values; write a share of them, like 97%";
      found.push(report(["goods", i, "mainPrice"], "template/goods", why));
    }
    const same = goods.findIndex((other) => meet(other, item));
    if (same < i) {
      const why = `it is for the same articles as goods[${same}]; give one of them a key, another category or other faceValues`;
      found.push(report(["goods", i], "template/repeated", why));
    }
    return found;
  });
}

/** Whether two of the goods may come to be articles of one name. */
function meet(a: TemplateGoods, b: TemplateGoods): boolean {
  if (a.module !== b.module || a.key !== b.key || a.category !== b.category) return false;
  const [mine, theirs] = [a.faceValues, b.faceValues];
  return !mine || !theirs || mine.some((value) => theirs.includes(value));
}
