import type { InitialData, InitialGoods } from "../../config/templates/types";

const card = (category: string, name: string, yuan: number): InitialGoods => ({
  module: "gameCards",
  key: `${category}/${yuan * 100}`,
  category,
  faceValue: yuan * 100,
  title: `${name} ${yuan}.00 元`,
  description: "付款后立即显示卡密。",
  mainPrice: yuan * 97,
  sampleCards: 100,
});

/** What a changed template, or a category that came later, brings. */
export const later = card("qq", "Q 币充值卡", 10);

/** What the shops of tests begin with. */
export const initialData: InitialData = {
  categories: [
    { module: "gameCards", name: "steam", title: "Steam <平台>" },
    { module: "phoneTopUp", name: "mobile", title: "中国移动" },
  ],
  goods: [
    ...[50, 100, 200].map((yuan) => card("steam", "Steam 钱包充值卡", yuan)),
    {
      module: "phoneTopUp",
      key: "mobile/3000",
      category: "mobile",
      faceValue: 3000,
      title: "中国移动 话费 30.00 元",
      description: "",
      mainPrice: 2970,
      sampleCards: 0,
    },
  ],
  notices: [{ key: "hours", text: "客服每天 9:00–22:00 在线。" }],
  pages: [{ slug: "about", title: "关于 <本店>", text: "第一段 <b>。\n\n第二段。" }],
};
