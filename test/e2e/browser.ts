import { execFileSync } from "node:child_process";
import { chromium, type Browser, type Page } from "playwright-core";
import { aptInstall, hasApt, onPath } from "../../local/apt";
import { homeAt, zone } from "../../local/home";
import { consoleProgress } from "../../local/progress";

/** Debian's; the font is for the shops' Chinese, without which pictures show boxes. */
const packages = ["chromium", "fontconfig", "fonts-wqy-microhei"];

/**
 * Debian's browser, for which every shop is on this machine; installed where it is missing.
 * @param folder home of the platform, for the log of the installation
 * @throws Error where there is none and none can be installed
 */
export async function openBrowser(folder: string): Promise<Browser> {
  if (!onPath("chromium") || !knowsChinese()) {
    if (!hasApt())
      throw new Error(
        `this test needs ${packages.join(" and ")}, which only root can install: apt-get install ${packages.join(" ")}`,
      );
    await aptInstall(packages, homeAt(folder), consoleProgress());
  }
  return await chromium.launch({
    executablePath: "/usr/bin/chromium",
    // Its sandbox refuses to run as root.
    args: [
      `--host-resolver-rules=MAP *.${zone} 127.0.0.1`,
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
}

const knowsChinese = (): boolean =>
  onPath("fc-list") && execFileSync("fc-list", [":lang=zh", "family"], { encoding: "utf8" }).trim() !== "";

/** A page of a small window, and what went wrong on it: scripts, styles and forms that a policy refused, failed requests. */
export async function openPage(browser: Browser): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 900, height: 900 }, locale: "zh-CN" });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("requestfailed", (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
  return { page, complaints };
}
