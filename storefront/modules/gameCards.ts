import { yuan } from "../money";
import { isText, type Module } from "./types";

/** What a new shop begins with: face values in fen by category. */
const samples: Readonly<Record<string, { readonly title: string; readonly faceValues: readonly number[] }>> =
  {
    steam: { title: "Steam 钱包充值卡", faceValues: [5_000, 10_000, 20_000] },
    qq: { title: "Q 币充值卡", faceValues: [1_000, 3_000, 10_000] },
  };

/** A category that has no sample of its own gets one, so that its shop is not empty either. */
const plain = (category: string) => ({ title: `${category} 点卡`, faceValues: [3_000] });

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
  initialGoods: ({ categories }) =>
    categories.flatMap((category) => {
      const { title, faceValues } = samples[category] ?? plain(category);
      return faceValues.map((faceValue) => ({
        key: `${category}-${faceValue}`,
        category,
        faceValue,
        title: `${title} ${yuan(faceValue)} 元`,
        description: "付款后立即显示卡密，请自行保存。卡密售出不退不换。",
        mainPrice: Math.floor((faceValue * 97) / 100),
        sampleCards: 100,
      }));
    }),
};
