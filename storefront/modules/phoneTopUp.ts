import { yuan } from "../money";
import { isText, type Module } from "./types";

const carriers: Readonly<Record<string, string>> = {
  mobile: "中国移动",
  unicom: "中国联通",
  telecom: "中国电信",
};

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
  initialGoods: ({ categories, faceValues = [] }) =>
    categories.flatMap((carrier) =>
      faceValues.map((faceValue) => ({
        key: `${carrier}-${faceValue}`,
        category: carrier,
        faceValue,
        title: `${carriers[carrier] ?? carrier} 话费 ${yuan(faceValue)} 元`,
        description: "付款后提交充值，通常数分钟内到账。",
        mainPrice: Math.floor((faceValue * 99) / 100),
        sampleCards: 0,
      })),
    ),
};
