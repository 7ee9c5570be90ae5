import { gameCards } from "./gameCards";
import { phoneTopUp } from "./phoneTopUp";

/** All modules, by the name that typed files and tiers know them by. */
export const modules = { gameCards, phoneTopUp };

export type { GoodsForm, Module, ModuleName, Modules, Needs, Sold } from "./types";
