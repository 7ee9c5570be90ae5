import type { Client } from "pg";
import type {
  InitialCategory,
  InitialData,
  InitialGoods,
  InitialNotice,
  InitialPage,
} from "../config/templates/types";
import type { StorefrontConfig } from "./config";
import type { Fields } from "./fields";
import { mostFen } from "./money";

/**
 * Puts what the platform's template holds into the shop, each item once for ever: what the shop has edited, hidden or deleted stays so, also
 * when the template has changed since. Goods and categories of a module that is off are left for the day on which it is on. Runs inside
 * `migrate`'s transaction.
 *
 * @returns how many items were new
 */
export async function loadInitialData(client: Client, config: StorefrontConfig): Promise<number> {
  const { categories, goods, notices, pages } = config.initialData;
  const on = ({ module }: { readonly module: string }) => config.modules[module]?.enabled === true;
  let loaded = 0;

  /** Does `insert` if this shop has never had the item. */
  async function once(kind: string, key: string, insert: string, values: unknown[]): Promise<void> {
    const fresh = await client.query(
      "INSERT INTO shop.initial_item (kind, key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [kind, key],
    );
    if (fresh.rowCount === 0) return;
    await client.query(insert, values);
    loaded += 1;
  }

  for (const { module, name, title } of categories.filter(on))
    await once("category", `${module}/${name}`, insertCategory, [module, name, title]);
  for (const item of goods.filter(on))
    await once("goods", `${item.module}/${item.key}`, insertGoods, [
      item.module,
      item.category,
      item.faceValue,
      item.title,
      item.description,
      item.mainPrice,
      item.key.replaceAll("/", "-"),
      item.sampleCards,
    ]);
  for (const { key, text } of notices) await once("notice", key, insertNotice, [text]);
  for (const { slug, title, text } of pages) await once("page", slug, insertPage, [slug, title, text]);
  return loaded;
}

// A category or page of that name may be the shop's own: then it stays as it is.
const insertCategory =
  "INSERT INTO shop.category (module, name, title) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const insertPage = "INSERT INTO shop.page (slug, title, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const insertNotice = "INSERT INTO shop.notice (body) VALUES ($1)";
const insertGoods = `WITH g AS (
    INSERT INTO shop.goods (module, category, face_value, title, description, main_price)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
  )
  INSERT INTO shop.card (goods_id, code, sample)
  SELECT g.id, format('SAMPLE-%s-%s', upper($7::text), to_char(n, 'FM0000')), true
  FROM g, generate_series(1, $8::integer) n`;

/** `initialData` of the file; without anything in it where there is none, as the server's has. */
export function readInitialData(fields: Fields): InitialData {
  return {
    categories: fields.optionalObjects("categories").map((category): InitialCategory => ({
      module: category.text("module"),
      name: category.text("name"),
      title: category.text("title"),
    })),
    goods: fields.optionalObjects("goods").map((goods): InitialGoods => ({
      module: goods.text("module"),
      key: goods.text("key"),
      category: goods.text("category"),
      faceValue: goods.value("faceValue") === null ? null : goods.integer("faceValue", 1, mostFen),
      title: goods.text("title"),
      description: goods.text("description", /^/),
      mainPrice: goods.integer("mainPrice", 1, mostFen),
      sampleCards: goods.integer("sampleCards", 0, 1000),
    })),
    notices: fields
      .optionalObjects("notices")
      .map((notice): InitialNotice => ({ key: notice.text("key"), text: notice.text("text") })),
    pages: fields.optionalObjects("pages").map((page): InitialPage => ({
      slug: page.text("slug", /^[a-z0-9-]{1,40}$/),
      title: page.text("title"),
      text: page.text("text"),
    })),
  };
}
