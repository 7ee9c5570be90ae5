import { createHash } from "node:crypto";
import type { StorefrontConfig } from "./config";

const css = `
:root{color-scheme:light dark;--ink:#1c2434;--soft:#68748a;--paper:#f4f6fa;--card:#fff;--line:#e4e8f0;--brand:#2f5bea;--brand2:#7a3ff2;--wrong:#c62828}
@media(prefers-color-scheme:dark){:root{--wrong:#ff8a80;--ink:#e8ecf5;--soft:#98a3b8;--paper:#10141d;--card:#181e2a;--line:#283042}}
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
nav{white-space:normal}
a{color:var(--brand)}
h3{margin:1rem 0 0;font-size:.95rem;color:var(--soft)}
h4{margin:.75rem 0 0;font-size:.875rem}
.text{white-space:pre-line;overflow-wrap:anywhere}
strong{font-variant-numeric:tabular-nums;white-space:nowrap}
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
code{font:1.05rem/1.6 ui-monospace,monospace;overflow-wrap:anywhere;user-select:all}
label{display:block;margin:.75rem 0 .25rem;font-weight:600}
input{font:inherit;width:100%;padding:.6rem .8rem;border:1px solid var(--line);border-radius:10px;background:var(--paper);color:inherit}
button{font:inherit;font-weight:600;margin-top:.9rem;padding:.65rem 1.4rem;border:0;border-radius:10px;background:var(--brand);color:#fff;cursor:pointer}
:focus-visible{outline:3px solid var(--brand2);outline-offset:2px}
.wrong{color:var(--wrong);font-weight:600}
`;

const styleHash = createHash("sha256").update(css).digest("base64");

/**
 * Allows this one style sheet and the shop's own forms, and nothing else: no script, no frame, no foreign source.
 *
 * A browser holds the addresses that a form's answer redirects to against form-action too. A gateway by https sends the payer on to
 * hosts of its own that nobody lists, so it allows all of https; one by http (a sandbox on the same machine) itself alone. Where a custom
 * channel leads to only its adapter knows: by https, or anywhere for a sandbox.
 */
export function contentSecurityPolicy({ channels }: Pick<StorefrontConfig, "channels">): string {
  const gateways = channels
    .filter(({ enabled }) => enabled)
    .map(({ gateway, adapter, sandbox }) => {
      if (adapter) return sandbox ? "http:" : "https:"; // http: is https: too
      return gateway.startsWith("https:") ? "https:" : new URL(gateway).origin;
    });
  return (
    `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; ` +
    `form-action ${["'self'", ...new Set(gateways)].join(" ")}; frame-ancestors 'none'`
  );
}

/** Every page of a suspended shop begins with this; `data-suspended` is for programs. */
const suspendedNotice = ({ suspended }: Pick<StorefrontConfig, "suspended">): string =>
  suspended
    ? `<section data-suspended="${escape(suspended.since)}"><h2>暂停营业</h2><p class="text">${escape(suspended.reason)}</p>
<p class="soft">自 ${escape(suspended.since)} 起暂停下单和付款，已付款的订单照常处理。联系店主：${escape(suspended.contact)}</p></section>
`
    : "";

export const suspendedPage = (shop: StorefrontConfig): string =>
  page(shop, `暂停营业 - ${shop.title}`, "暂停营业", "");

export const maintenancePage = (shop: StorefrontConfig): string =>
  message(shop, "维护中", "店铺正在维护，您的订单和余额不受影响。请过一会儿再刷新本页。");

export const notFoundPage = (shop: StorefrontConfig): string =>
  message(shop, "页面不存在", "您访问的页面不存在或已下架。");

export const methodPage = (shop: StorefrontConfig): string =>
  message(shop, "不支持的请求", "这个地址不接受这样的请求。");

export const tooLargePage = (shop: StorefrontConfig): string =>
  message(shop, "提交的内容过长", "提交的内容过长，请返回上一页修改后再试。");

export const foreignPage = (shop: StorefrontConfig): string =>
  message(shop, "请在本店下单", "这个请求不是从本店的页面发出的，没有受理。");

export const tooManyPage = (shop: StorefrontConfig): string =>
  message(shop, "操作太频繁", "操作太频繁了，请过一分钟再试。");

export const returnPage = (shop: StorefrontConfig): string =>
  message(shop, "支付结果确认中", "支付结果以订单页面为准，请回到您的订单页面并刷新。");

export const failurePage = (shop: StorefrontConfig): string =>
  message(shop, "出错了", "店铺出了一点问题，请稍后再试。");

/** One sentence under a heading. */
export const message = (shop: StorefrontConfig, title: string, text: string): string =>
  page(
    shop,
    `${title} - ${shop.title}`,
    title,
    `<section><p class="soft">${text}</p><p class="soft"><a href="/">返回首页</a></p></section>`,
  );

/** What leads to a page of the shop's own. */
export interface PageLink {
  readonly slug: string;
  readonly title: string;
}

/** The shop as every page shows it; without links where the database may be away. */
export type Front = StorefrontConfig & { readonly links?: readonly PageLink[] };

/** `subtitle` and `main` are markup, `title` is not. */
export function page(shop: Front, title: string, subtitle: string, main: string): string {
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
${suspendedNotice(shop)}${main}
</main>
<footer>${navigation(shop.links ?? [])}${escape(shop.host)}</footer>
</body>
</html>
`;
}

const navigation = (links: readonly PageLink[]): string =>
  links.length === 0
    ? ""
    : `<nav>${links.map(({ slug, title }) => `<a href="/pages/${slug}">${escape(title)}</a>`).join(" · ")}</nav>`;

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** Any text as markup, in an attribute too. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => entities[c]!);
