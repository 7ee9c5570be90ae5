import type { Pool } from "pg";
import { takes } from "./choice";
import type { PlainChannel, StorefrontConfig } from "./config";
import { type Module, modules } from "./modules";
import { withMarkup } from "./money";

/** One article as the shop offers it now. */
export interface Goods {
  readonly id: string;
  readonly module: Module;
  /** What visitors read above the goods of its category; null where the shop has not given it a title. */
  readonly categoryTitle: string | null;
  readonly title: string;
  readonly description: string;
  /** Whole fen: at the main station, and for the customer. */
  readonly mainPrice: number;
  readonly price: number;
  /** Whether a payment of this sort can be delivered: stock of sample codes is for sandboxes alone, real stock never for them. */
  readonly stock: { readonly sandbox: boolean; readonly real: boolean };
}

interface Row {
  readonly id: string;
  readonly module: string;
  readonly category_title: string | null;
  readonly title: string;
  readonly description: string;
  readonly main_price: number;
  readonly samples: boolean;
  readonly cards: boolean;
}

/** The listed goods of the enabled modules, at most 500, in the order of the home page: categories as the settings have them. */
export async function loadCatalog(pool: Pool, config: StorefrontConfig): Promise<readonly Goods[]> {
  const enabled = modules.filter(({ name }) => config.modules[name]?.enabled);
  if (enabled.length === 0) return [];
  const settings = enabled.map(({ name }, place) => ({ place, module: name, ...config.modules[name] }));
  // What the settings take out is taken out before the limit counts: goods of other categories and face values may be many.
  const { rows } = await pool.query<Row>(
    `SELECT g.id, g.module, c.title AS category_title, g.title, description, main_price,
            EXISTS (SELECT FROM shop.card WHERE goods_id = g.id AND sold_at IS NULL AND sample) AS samples,
            EXISTS (SELECT FROM shop.card WHERE goods_id = g.id AND sold_at IS NULL AND NOT sample) AS cards
     FROM jsonb_to_recordset($1) AS s (place integer, module text, categories text[], "faceValues" numeric[])
     JOIN shop.goods g ON g.module = s.module AND category = ANY (s.categories)
      AND (face_value IS NULL OR s."faceValues" IS NULL OR face_value = ANY (s."faceValues"))
     LEFT JOIN shop.category c ON c.module = g.module AND c.name = category
     WHERE listed ORDER BY place, array_position(s.categories, category), main_price, g.id LIMIT 500`,
    [JSON.stringify(settings)],
  );
  return rows.map((row) => {
    const module = enabled.find(({ name }) => name === row.module)!;
    return {
      id: row.id,
      module,
      categoryTitle: row.category_title,
      title: row.title,
      description: row.description,
      mainPrice: row.main_price,
      price: withMarkup(row.main_price, config.markupBasisPoints),
      stock:
        module.delivers === "card"
          ? { sandbox: row.samples, real: row.cards }
          : { sandbox: true, real: true },
    };
  });
}

/** Whether some channel that is on could sell it now. */
export const available = (goods: Goods, channels: readonly PlainChannel[]): boolean =>
  channels.some(
    (channel) => takes(channel, goods.price) && goods.stock[channel.sandbox ? "sandbox" : "real"],
  );
