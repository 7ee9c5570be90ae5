export * from "./update";
