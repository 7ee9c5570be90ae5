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
  readonly category: string;
  readonly category_title: string | null;
  readonly face_value: number | null;
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
  const { rows } = await pool.query<Row>(
    `SELECT g.id, g.module, category, c.title AS category_title, face_value, g.title, description, main_price,
            EXISTS (SELECT FROM shop.card WHERE goods_id = g.id AND sold_at IS NULL AND sample) AS samples,
            EXISTS (SELECT FROM shop.card WHERE goods_id = g.id AND sold_at IS NULL AND NOT sample) AS cards
     FROM shop.goods g LEFT JOIN shop.category c ON c.module = g.module AND c.name = category
     WHERE listed AND g.module = ANY ($1) ORDER BY g.module, category, main_price, g.id LIMIT 500`,
    [enabled.map(({ name }) => name)],
  );
  return enabled.flatMap((module) => {
    const { categories, faceValues } = config.modules[module.name]!;
    return categories
      .flatMap((name) => rows.filter((row) => row.module === module.name && row.category === name))
      .filter((row) => row.face_value === null || (faceValues?.includes(row.face_value) ?? true))
      .map((row) => ({
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
      }));
  });
}

/** Whether some channel that is on could sell it now. */
export const available = (goods: Goods, channels: readonly PlainChannel[]): boolean =>
  channels.some(
    (channel) => takes(channel, goods.price) && goods.stock[channel.sandbox ? "sandbox" : "real"],
  );
