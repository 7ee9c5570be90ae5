import { table } from "./table";

test("columns are as wide as their widest cell, in any row, and no line ends in spaces", () => {
  expect(
    table([
      ["id", "tier", "s"],
      ["mengxiang", "trial", "3.7"],
      ["a", "professional"],
    ]),
  ).toEqual(["id         tier          s", "mengxiang  trial         3.7", "a          professional"]);
  expect(table([])).toEqual([]);
});

test("what is written in Chinese takes two columns a character", () => {
  expect(
    table([
      ["梦想点卡", "x"],
      ["a，b", "y"],
      ["plain", "z"],
    ]),
  ).toEqual(["梦想点卡  x", "a，b      y", "plain     z"]);
});

test("colours take no room", () => {
  expect(
    table([
      ["\u001b[31mbad\u001b[39m", "x"],
      ["worse", "y"],
    ]),
  ).toEqual(["\u001b[31mbad\u001b[39m    x", "worse  y"]);
});
