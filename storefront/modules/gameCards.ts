import { isText, type Module } from "./types";

/** Codes from stock: the code is the goods. */
export const gameCards: Module = {
  name: "gameCards",
  title: "游戏点卡",
  contact: {
    label: "联系方式",
    hint: "邮箱或手机号，售后时核对身份用",
    type: "text",
    autocomplete: "email",
    pattern: "[^\\s@]{1,64}@[^\\s@]{1,64}|1[3-9][0-9]{9}",
  },
  delivers: "card",
  readSettings: (fields) => ({
    categories: fields.list("categories", "must be a list of texts", isText),
  }),
};
