import type { Client } from "pg";
import type { StorefrontConfig } from "./config";
import { modules } from "./modules";

/**
 * Puts the goods of the enabled modules into the shop, each item once for ever: what the shop has edited, taken off or deleted stays
 * so, also when the item's text here has changed. Runs inside `migrate`'s transaction.
 *
 * @returns how many items were new
 */
export async function loadInitialData(client: Client, config: StorefrontConfig): Promise<number> {
  let loaded = 0;
  for (const module of modules) {
    const settings = config.modules[module.name];
    if (!settings?.enabled) continue;
    for (const item of module.initialGoods(settings)) {
      const fresh = await client.query(
        "INSERT INTO shop.initial_item (module, key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [module.name, item.key],
      );
      if (fresh.rowCount === 0) continue;
      await client.query(
        `WITH g AS (
           INSERT INTO shop.goods (module, category, face_value, title, description, main_price)
           VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
         )
         INSERT INTO shop.card (goods_id, code, sample)
         SELECT g.id, format('SAMPLE-%s-%s', upper($7::text), to_char(n, 'FM0000')), true
         FROM g, generate_series(1, $8::integer) n`,
        [
          module.name,
          item.category,
          item.faceValue,
          item.title,
          item.description,
          item.mainPrice,
          item.key,
          item.sampleCards,
        ],
      );
      loaded += 1;
    }
  }
  return loaded;
}
