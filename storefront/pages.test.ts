import { createHash } from "node:crypto";
import type { StorefrontConfig } from "./config";
import * as pages from "./pages";

const shop = { title: `<script>'"&梦想`, host: "mengxiang.substation.test" } as StorefrontConfig;

test("no text of the shop or of a notice becomes markup", () => {
  const html = pages.homePage(shop, [
    { body: "<img src=x onerror=alert(1)>", publishedAt: new Date("2026-01-31T17:00:00Z") },
  ]);
  expect(html).toContain("<title>&lt;script&gt;&#39;&quot;&amp;梦想</title>");
  expect(html).toContain("<li><span>&lt;img src=x onerror=alert(1)&gt;</span><time>2026-02-01</time></li>"); // China's day
  for (const page of [html, pages.maintenancePage(shop), pages.notFoundPage(shop), pages.failurePage(shop)]) {
    expect(page).toContain('<html lang="zh-CN">');
    expect(page).not.toMatch(/<script|<img/);
  }
});

test("the content security policy allows exactly the page's own style sheet", () => {
  const style = /<style>([^]*)<\/style>/.exec(pages.homePage(shop, []))![1]!;
  const hash = createHash("sha256").update(style).digest("base64");
  expect(pages.contentSecurityPolicy).toContain(`default-src 'none'; style-src 'sha256-${hash}';`);
});
