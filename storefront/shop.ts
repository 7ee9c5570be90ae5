import type { Pool } from "pg";
import { type Goods, loadCatalog } from "./catalog";
import type { StorefrontConfig } from "./config";
import { atMostEvery } from "./database";
import { type Log, reason } from "./log";
import { schemaVersion } from "./steps";
import type { Notice, Page } from "./shop-pages";
import type { PageLink } from "./pages";

/** Milliseconds within which the shop says whether its database answers. */
const patience = 2000;

/** What needs the database cannot be had now. The reason is in the log already. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

export interface Shop {
  /** Resolves when the database answers and has this image's schema. @throws Unavailable */
  ready(): Promise<void>;
  /** The latest notices, newest first. @throws Unavailable */
  notices(): Promise<readonly Notice[]>;
  /** The pages that are linked from all others. @throws Unavailable */
  links(): Promise<readonly PageLink[]>;
  /** A page, linked or not; undefined where there is none. */
  page(slug: string): Promise<Page | undefined>;
  /** What is sold now. @throws Unavailable */
  catalog(): Promise<readonly Goods[]>;
}

/** What every visitor's pages read of the database, at most once a second, with one log line whenever the database goes or comes back. */
export function openShop(pool: Pool, config: StorefrontConfig, log: Log): Shop {
  let up = true;
  // A connection that dies while it rests in the pool is no request's failure, but without a listener it ends the process.
  pool.on("error", (error) => log("warn", "an idle database connection was lost", reason(error)));

  const watched = <T>(query: () => Promise<T>) =>
    atMostEvery(1000, async () => {
      try {
        const result = await within(patience, query());
        if (!up) log("info", "the database answers again");
        up = true;
        return result;
      } catch (error) {
        if (up)
          log("error", "the database does not answer: pages show 维护中 and /readyz says 503", reason(error));
        up = false;
        throw new Unavailable("the database does not answer", { cause: error });
      }
    });

  return {
    ready: watched(async () => {
      const { rows } = await pool.query<{ version: number | null }>(
        "SELECT max(version) AS version FROM shop.schema_migrations",
      );
      const version = rows[0]?.version ?? 0;
      // A higher one is right: during a roll-back, and while an old container drains beside a new one.
      if (version < schemaVersion) {
        throw new Error(
          `the database is at version ${version}, this image needs ${schemaVersion}: run \`migrate\` first`,
        );
      }
    }),
    notices: watched(async () => {
      const { rows } = await pool.query<{ body: string; published_at: Date }>(
        "SELECT body, published_at FROM shop.notice ORDER BY id DESC LIMIT 20",
      );
      return rows.map((row) => ({ body: row.body, publishedAt: row.published_at }));
    }),
    links: watched(async () => {
      const { rows } = await pool.query<PageLink>(
        "SELECT slug, title FROM shop.page WHERE listed ORDER BY id LIMIT 20",
      );
      return rows;
    }),
    page: async (slug) => {
      const { rows } = await pool.query<Page>("SELECT title, body FROM shop.page WHERE slug = $1", [slug]);
      return rows[0];
    },
    catalog: watched(() => loadCatalog(pool, config)),
  };
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
