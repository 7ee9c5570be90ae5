import { modules, type Module, type ModuleName, type Modules } from "../modules";
import { money, share } from "../units";
import { fillText } from "./placeholders";
import type { TemplateFile, TemplateGoods } from "./schema";
import type { InitialCategory, InitialData, InitialGoods } from "./types";

/** What a substation's file says, as texts use it. */
export interface Values {
  readonly title: string;
  readonly host: string;
  readonly owner: { readonly name: string; readonly contact: string };
  readonly variables: Readonly<Record<string, string>>;
}

/** A template with a substation's values, for the modules that are on. Everything in it is a text or a whole number. */
export function fillTemplate(template: TemplateFile, values: Values, on: Modules): InitialData {
  const { title, host, owner } = values;
  const defaults = Object.entries(template.variables ?? {}).map(([name, one]) => [name, one.default ?? ""]);
  const known = {
    ...(Object.fromEntries(defaults) as Record<string, string>),
    ...values.variables,
    title,
    host,
    "owner.name": owner.name,
    "owner.contact": owner.contact,
  };
  const fill = (text: string): string => fillText(text, known);
  return {
    categories: categoriesOf(template, on),
    goods: (template.goods ?? []).flatMap((item) => articles(template, item, on, known)),
    notices: (template.notices ?? []).map(({ key, text }) => ({ key, text: fill(text) })),
    pages: (template.pages ?? []).map((page) => ({
      slug: page.slug,
      title: fill(page.title),
      text: fill(page.text),
    })),
  };
}

const soldBy = (name: string, on: Modules) => {
  const settings = on[name as ModuleName];
  return settings?.enabled ? (modules[name as ModuleName] as Module).sold(settings) : undefined;
};

/** A category may be called like what every object has: only what the template says counts. */
const titleOf = (template: TemplateFile, module: string, category: string): string | undefined => {
  const titles: Readonly<Record<string, string>> = template.categories?.[module] ?? {};
  return Object.hasOwn(titles, category) ? titles[category] : undefined;
};

function categoriesOf(template: TemplateFile, on: Modules): InitialCategory[] {
  return Object.keys(modules).flatMap((module) => {
    return (soldBy(module, on)?.categories ?? []).flatMap((name) => {
      const title = titleOf(template, module, name);
      return title === undefined ? [] : [{ module, name, title }];
    });
  });
}

/** The articles of one of the goods: none where the module is off, or sells none of its categories or face values. */
function articles(
  template: TemplateFile,
  item: TemplateGoods,
  on: Modules,
  known: Readonly<Record<string, string>>,
): InitialGoods[] {
  const sold = soldBy(item.module, on);
  if (!sold) return [];
  const named = (template.goods ?? []).filter(({ module }) => module === item.module);
  const others = new Set(named.map(({ category }) => category));
  const categories =
    item.category === undefined
      ? sold.categories.filter((name) => !others.has(name))
      : sold.categories.filter((name) => name === item.category);
  const written = item.faceValues?.map((value) => money.value(value));
  const faceValues: readonly (number | null)[] = written?.filter(
    (value) => sold.faceValues?.includes(value) ?? true,
  ) ??
    sold.faceValues ?? [null];
  return categories.flatMap((category) =>
    faceValues.map((faceValue) => {
      const fill = (text: string): string =>
        fillText(text, {
          ...known,
          category: titleOf(template, item.module, category) ?? category,
          ...(faceValue === null ? {} : { faceValue: money.format(faceValue) }),
        });
      return {
        module: item.module,
        key: [category, faceValue ?? 0, ...(item.key === undefined ? [] : [item.key])].join("/"),
        category,
        faceValue,
        title: fill(item.title),
        description: fill(item.description ?? ""),
        mainPrice: mainPrice(item.mainPrice, faceValue ?? 0),
        sampleCards: item.sampleCards ?? 0,
      };
    }),
  );
}

/** Fen, at least one. */
function mainPrice(written: string, faceValue: number): number {
  const basisPoints = share.parse(written);
  if (basisPoints === undefined) return money.value(written);
  return Math.max(1, Math.floor((faceValue * basisPoints) / 10_000));
}
