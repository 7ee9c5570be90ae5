import { randomBytes } from "node:crypto";
import { chooseChannels } from "./choice";
import { testChannel } from "./testing/shop";

const channel = (id: string, weight: number, title = "支付宝") => ({
  ...testChannel(id, { weight, title }),
  id,
  dailyCap: undefined,
});
const [large, small, none] = [channel("a", 6), channel("b", 3), channel("c", 1)];
const tokens = Array.from({ length: 20_000 }, () => randomBytes(16).toString("hex"));
const chosen = (token: string, channels: Parameters<typeof chooseChannels>[1], failed?: string) =>
  chooseChannels(token, channels, failed).map(({ id }) => id);

/** How many of 100 orders get each channel. Five standard deviations of 20,000 draws are less than 2. */
const parts = (channels: Parameters<typeof chooseChannels>[1]): readonly number[] =>
  channels.map(({ id }) => {
    const part = tokens.filter((token) => chosen(token, channels)[0] === id).length / tokens.length;
    return Math.round(part * 100);
  });

test("channels of one kind and title are chosen in proportion to their weights", () => {
  const [a, b, c] = parts([large, small, none]);
  expect(Math.abs(a! - 60)).toBeLessThanOrEqual(2);
  expect(Math.abs(b! - 30)).toBeLessThanOrEqual(2);
  expect(Math.abs(c! - 10)).toBeLessThanOrEqual(2);
  const [left] = parts([large, small]); // the third dropped out
  expect(Math.abs(left! - 67)).toBeLessThanOrEqual(2);
});

test("an order that had another channel than the one that dropped out keeps it", () => {
  for (const token of tokens.slice(0, 500)) {
    const [before] = chosen(token, [large, small, none]);
    if (before !== "c") expect(chosen(token, [none, small, large].slice(1))).toEqual([before]);
  }
});

test("other titles and kinds stand beside each other, the largest weight first; a channel that failed comes last in its own", () => {
  const wechat = channel("w", 4, "微信支付");
  const epay = { ...channel("e", 9), kind: "epay" };
  for (const token of tokens.slice(0, 50)) {
    const [first, second, third] = chosen(token, [large, small, wechat, epay]);
    expect([first, third]).toEqual(["e", "w"]);
    expect(["a", "b"]).toContain(second);
    expect(chosen(token, [large, small], second)).toEqual([second === "a" ? "b" : "a"]);
    expect(chosen(token, [wechat], "w")).toEqual(["w"]);
  }
});
