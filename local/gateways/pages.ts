import { isExpired } from "./orders";
import { cashierPath } from "./protocol";
import type { Kind, Order, Outgoing } from "./types";
import { yuanOf } from "./words";

const titles: Readonly<Record<Kind, string>> = { alipay: "支付宝", wechatPay: "微信支付", epay: "易支付" };

/** The page on which a payer pays, and sees that it is paid. */
export function cashierPage(order: Order, now: number): Outgoing {
  const state =
    order.paidAt !== undefined
      ? "<p>已支付</p>"
      : isExpired(order, now)
        ? "<p>订单已关闭</p>"
        : `<form method="post" action="${cashierPath(order)}"><button>支付</button></form>`;
  return page(
    200,
    `${titles[order.kind]}（沙箱）`,
    `<dl>
<dt>商品</dt><dd>${escaped(order.subject)}</dd>
<dt>金额</dt><dd>${yuanOf(order.amountFen)} 元</dd>
<dt>商户</dt><dd>${escaped(order.merchant)}</dd>
<dt>订单号</dt><dd>${escaped(order.outTradeNo)}</dd>
</dl>
${state}`,
  );
}

/** In place of a phone's camera: takes a code_url as text. */
export const scanPage = (): Outgoing =>
  page(
    200,
    "扫一扫（沙箱）",
    `<form method="get"><label>二维码内容 <input name="code_url" size="60" placeholder="weixin://wxpay/bizpayurl?pr=…" required></label>
<button>打开</button></form>`,
  );

/** A refusal that a payer sees. */
export const errorPage = (gateway: string, reason: string, status = 400): Outgoing =>
  page(status, `${gateway}（沙箱）`, `<p>无法支付：${escaped(reason)}</p>`);

function page(status: number, title: string, content: string): Outgoing {
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    },
    body: `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:1.1rem/1.6 sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}dt{color:#555}dd{margin:0 0 .6rem}button{font:inherit;padding:.5rem 2rem}</style>
</head><body><h1>${title}</h1>
<p>不是真实的支付平台：这里不收任何钱。</p>
${content}
</body></html>
`,
  };
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
