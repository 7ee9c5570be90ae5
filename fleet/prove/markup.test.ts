import { elementsWith, filled, forms, textOf } from "./markup";

test("a form is read as a browser would send it", () => {
  const html = `<p>x</p><form method=POST action='/orders'>
    <input type="hidden" name="goods" value="7"><input name="note" value="&quot;a&quot; &#38; b">
    <input id="contact" name="contact" type="text" pattern="1[3-9][0-9]{9}|[^\\s@]{1,64}@[^\\s@]{1,64}" required><button>go</button></form>
    <form><input name="q"></form>`;
  const [form, other] = forms(html);
  expect([form?.method, form?.action, other?.method, other?.action]).toEqual(["post", "/orders", "get", ""]);
  expect(form?.fields.at(-1)).toEqual({
    name: "contact",
    value: "",
    type: "text",
    pattern: "1[3-9][0-9]{9}|[^\\s@]{1,64}@[^\\s@]{1,64}",
  });
  expect(filled(form!, { contact: "a@b" }).toString()).toBe("goods=7&note=%22a%22+%26+b&contact=a%40b");
});

test("elements are found by an attribute, with or without a value, and their text is what a reader sees", () => {
  const html = `<ul><li data-goods="1" data-sold-out><a href="/goods/1">A &lt;b&gt;</a>
    <b>¥1</b></li><li data-goods="2">B</li></ul><p data-delivered="card"><code>X&amp;Y</code></p>`;
  expect(
    elementsWith(html, "data-goods").map(({ attributes, content }) => [attributes, textOf(content)]),
  ).toEqual([
    [{ "data-goods": "1", "data-sold-out": "" }, "A <b> ¥1"],
    [{ "data-goods": "2" }, "B"],
  ]);
  expect(elementsWith(html, "data-delivered").map(({ content }) => textOf(content))).toEqual(["X&Y"]);
  expect(textOf("a&#27;[31m\u202eb<br>\n c")).toBe("a [31m b c"); // nothing that a terminal obeys
  expect(elementsWith("<p data-x", "data-x")).toEqual([]);
});
