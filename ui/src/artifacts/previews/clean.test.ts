import { expect, test } from "vitest";
import { WAITING, withoutStyles } from "./clean";

test.each([
  ["<p style='a: b'>x</p>", `<p ${WAITING}='a: b'>x</p>`, []],
  ['<p class="x"style=a>', `<p class="x"${WAITING}=a>`, []],
  ["<style>p { a: b }</style><p>", "<p>", ["p { a: b }"]],
  ["<STYLE scoped>x</STYLE >y", "y", ["x"]],
  ["<style>never ends", "", ["never ends"]],
  ["a < b style=c", "a < b style=c", []],
  ["<!-- <style>x</style> -->y", "y", []],
  ["<p title='>' style=x>", `<p title='>' ${WAITING}=x>`, []],
  ["<p onclick=alert(1) id=x>", "<p data-gone=alert(1) id=x>", []],
  ["plain", "plain", []],
])("%j", (text, html, styles) => {
  expect(withoutStyles(text)).toEqual({ html, styles });
});

test("a text that is made to be slow isn't", () => {
  const start = performance.now();
  for (const part of ['<a "', "<a<", "<style>", "<!--", "<p style"]) withoutStyles(part.repeat(200_000));
  expect(performance.now() - start).toBeLessThan(2_000);
});
