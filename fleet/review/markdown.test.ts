import { code, place, plain } from "./markdown";

// What GitHub makes of text: mark-up when it reads it, and links of people, issues and addresses in what it has made of it.

/** The pieces of text that come of it: an escaped character is itself again, and a tag ends a piece. */
const rendered = (markdown: string): string[] =>
  markdown
    .split(/<\w+>/)
    .map((piece) =>
      piece
        .replace(/\\([\\`*_{}[\]()#|~!])/g, "$1")
        .replace(/&#(\d+);/g, (_, c) => String.fromCharCode(Number(c))),
    );

test.each([
  ["@everyone, ask @trade/security", /@\w/],
  ["wang@evil.example", /@\w/],
  ["see #12 and trade/substations#12", /#\d/],
  ["GH-12", /GH-\d/],
  ["https://evil.example", /:\/\//],
  ["go to www.evil.example, WWW.evil.example", /www\./i],
])("%s is no link of any kind", (text, link) => {
  expect(text).toMatch(link);
  const pieces = rendered(plain(text));
  expect(pieces.join("")).toBe(text);
  expect(pieces.filter((piece) => link.test(piece))).toEqual([]);
});

test("a file's name cannot end the link to it", () => {
  const file = "stacks/demo/x)www.evil.example!'(*~.yaml";
  const link = place({ file, line: 1 }, "https://git.example/t/s/blob/b");
  const [, address = ""] = /\]\((.*)\)$/.exec(link) ?? [];
  expect(address).toBe(
    "https://git.example/t/s/blob/b/stacks/demo/x%29www.evil.example%21%27%28%2A%7E.yaml#L1",
  );
  expect(link).toBe(`[${code(`${file}:1`)}](${address})`);
});
