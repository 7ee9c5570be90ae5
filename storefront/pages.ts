import { createHash } from "node:crypto";
import type { StorefrontConfig } from "./config";

export interface Notice {
  readonly body: string;
  readonly publishedAt: Date;
}

const css = `
:root{color-scheme:light dark;--ink:#1c2434;--soft:#68748a;--paper:#f4f6fa;--card:#fff;--line:#e4e8f0;--brand:#2f5bea;--brand2:#7a3ff2}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf5;--soft:#98a3b8;--paper:#10141d;--card:#181e2a;--line:#283042}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--paper);color:var(--ink);
font:16px/1.7 system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans SC",sans-serif}
header{background:linear-gradient(120deg,var(--brand),var(--brand2));color:#fff;padding:3.5rem 1.25rem 5rem;text-align:center}
h1{margin:0;font-size:clamp(1.75rem,5vw,2.75rem);letter-spacing:.04em;overflow-wrap:anywhere}
header p{margin:.5rem 0 0;opacity:.85}
main{width:min(44rem,100% - 2rem);margin:-2.75rem auto 2rem;flex:1;display:grid;gap:1rem;align-content:start}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.25rem 1.5rem;box-shadow:0 6px 24px rgb(20 30 60/.06)}
h2{margin:0 0 .5rem;font-size:1.05rem}
ul{list-style:none;margin:0;padding:0}
li{display:flex;gap:1rem;justify-content:space-between;padding:.6rem 0;border-top:1px solid var(--line)}
li:first-child{border-top:0}
li span{overflow-wrap:anywhere}
time,.soft,footer{color:var(--soft);font-size:.875rem;white-space:nowrap}
.soft{margin:0;white-space:normal}
footer{padding:1.25rem;text-align:center}
`;

/** Allows this one style sheet and nothing else: no script, no frame, no foreign source. */
export const contentSecurityPolicy =
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(css).digest("base64")}'; img-src data:; ` +
  `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function homePage(shop: StorefrontConfig, notices: readonly Notice[]): string {
  const items = notices.map(
    ({ body, publishedAt }) => `<li><span>${escape(body)}</span><time>${day(publishedAt)}</time></li>`,
  );
  return page(
    shop,
    shop.title,
    "游戏点卡 · 话费充值",
    `<section><h2>店铺公告</h2>${items.length > 0 ? `<ul>${items.join("")}</ul>` : `<p class="soft">暂无公告。</p>`}</section>
<section><h2>商品</h2><p class="soft">商品正在上架，请稍后再来。</p></section>`,
  );
}

export const maintenancePage = (shop: StorefrontConfig): string =>
  message(shop, "维护中", "店铺正在维护，您的订单和余额不受影响。请过一会儿再刷新本页。");

export const notFoundPage = (shop: StorefrontConfig): string =>
  message(shop, "页面不存在", "您访问的页面不存在或已下架。");

export const methodPage = (shop: StorefrontConfig): string =>
  message(shop, "不支持的请求", "本页只能浏览，不能提交。");

export const failurePage = (shop: StorefrontConfig): string =>
  message(shop, "出错了", "店铺出了一点问题，请稍后再试。");

const message = (shop: StorefrontConfig, title: string, text: string): string =>
  page(
    shop,
    `${title} - ${shop.title}`,
    title,
    `<section><p class="soft">${text}</p><p class="soft"><a href="/">返回首页</a></p></section>`,
  );

function page(shop: StorefrontConfig, title: string, subtitle: string, main: string): string {
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
<style>${css}</style>
</head>
<body>
<header><h1>${escape(shop.title)}</h1><p>${subtitle}</p></header>
<main>
${main}
</main>
<footer>${escape(shop.host)}</footer>
</body>
</html>
`;
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => entities[c]!);

/** The day in China, which has one time zone and no summer time; `Intl` would load a megabyte for the same. */
const day = (date: Date): string => new Date(date.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
