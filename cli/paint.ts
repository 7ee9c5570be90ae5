import { styleText } from "node:util";

export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** For standard output: without colours where it is no terminal, or nobody wants any. */
export const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });
