import { gameCards } from "./gameCards";
import { phoneTopUp } from "./phoneTopUp";

/** All modules, by the name that typed files and tiers know them by. */
export const modules = { gameCards, phoneTopUp };

export type { Module, ModuleName, Modules, Needs } from "./types";
