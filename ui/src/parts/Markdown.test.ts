import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import MarkdownText from "./MarkdownText";

const shown = (text: string) => renderToStaticMarkup(createElement(MarkdownText, { text }));

test("tables, code and lists are shown as such", () => {
  const html = shown("# Wine\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```python\nx = 1\n```\n\n- [x] done");
  expect(html).toContain("<h3>Wine</h3>");
  expect(html).toContain("<td>1</td>");
  expect(html).toContain('<code class="language-python">x = 1');
  expect(html).toContain('type="checkbox"');
});

test.each([
  ["<img src=x onerror=alert(1)>", /<img/],
  ["<script>alert(1)</script>", /<script/],
  ["[go](javascript:alert(1))", /javascript:/],
  ["[go](data:text/html,hello)", /data:/],
  ["![picture](https://elsewhere.example/pixel.png)", /<img/],
])("%s runs nothing and fetches nothing", (text, unwanted) => {
  expect(shown(text)).not.toMatch(unwanted);
});

test("links leave by themselves, without telling from where", () => {
  expect(shown("[docs](https://example.org/a)")).toContain(
    '<a href="https://example.org/a" target="_blank" rel="noopener noreferrer nofollow">docs</a>',
  );
});
