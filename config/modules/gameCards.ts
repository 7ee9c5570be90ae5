import { list, name, quantity } from "../forms";
import { duration } from "../units";
import type { Module } from "./types";

const defaultSyncInterval = "10m";

const settings = {
  categories: list(
    name({
      description: "A category of the main station.",
      examples: ["steam"],
    }),
    1,
    50,
    {
      description: "The main station's categories that the shop sells, in the order of its pages.",
      examples: [["steam", "qq"]],
    },
  ),
  syncInterval: quantity(duration, "1m", "24h", {
    description: `How often goods, prices and stock are fetched from the main station. ${defaultSyncInterval} where it is absent.`,
    examples: ["10m"],
    default: defaultSyncInterval,
  }).optional(),
};

/** As in substation.json. */
export interface GameCards {
  readonly categories: readonly string[];
  readonly syncIntervalMs: number;
}

export const gameCards = {
  title: "游戏点卡",
  description: "Game cards: codes from stock, delivered at once.",
  settings,
  goods: { faceValues: false },
  // Goods, prices and stock of the largest catalogue that is held while it is fetched; it starts no process of its own.
  needs: { memoryBytes: 8 * 2 ** 20, processes: 0 },
  normalise: ({ categories, syncInterval = defaultSyncInterval }): GameCards => ({
    categories,
    syncIntervalMs: duration.value(syncInterval),
  }),
  sold: ({ categories }) => ({ categories }),
} satisfies Module<typeof settings, GameCards>;
