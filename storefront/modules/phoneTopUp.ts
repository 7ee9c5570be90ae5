import { isText, type Module } from "./types";

const isFen = (item: unknown): item is number => Number.isInteger(item) && (item as number) > 0;

/** Money onto a telephone number; nothing lies in stock. */
export const phoneTopUp: Module = {
  name: "phoneTopUp",
  title: "话费充值",
  contact: {
    label: "充值手机号",
    hint: "请仔细核对，充错无法退回",
    type: "tel",
    autocomplete: "tel-national",
    pattern: "1[3-9][0-9]{9}",
  },
  delivers: "receipt",
  readSettings: (fields) => ({
    categories: fields.list("carriers", "must be a list of texts", isText),
    faceValues: fields.list("faceValues", "must be a list of whole fen above zero", isFen),
  }),
};
