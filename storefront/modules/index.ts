import { gameCards } from "./gameCards";
import { phoneTopUp } from "./phoneTopUp";
import type { Module } from "./types";

/** In the order of the home page. */
export const modules: readonly Module[] = [gameCards, phoneTopUp];

export type * from "./types";
