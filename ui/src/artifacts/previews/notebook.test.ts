import { expect, test } from "vitest";
import { notebookOf } from "./notebook";

test("cells and outputs of today's format", () => {
  const book = notebookOf({
    metadata: { kernelspec: { language: "python" } },
    cells: [
      { cell_type: "markdown", source: ["# A\n", "b"] },
      {
        cell_type: "code",
        execution_count: 3,
        source: "x",
        outputs: [
          { output_type: "stream", name: "stdout", text: ["one\n", "\u001b[1mtwo\u001b[0m"] },
          { output_type: "execute_result", data: { "text/html": "<b>", "text/plain": "b" } },
          { output_type: "display_data", data: { "image/png": "AA\nBB", "text/plain": "Figure" } },
          { output_type: "error", ename: "E", evalue: "v", traceback: ["\u001b[31mE\u001b[0m: v"] },
          { output_type: "display_data", data: { "application/x-widget": {} } },
        ],
      },
    ],
  });
  expect(book.language).toBe("python");
  expect(book.cells[0]).toEqual({ kind: "markdown", text: "# A\nb", count: undefined, outputs: [] });
  expect(book.cells[1]?.count).toBe(3);
  expect(book.cells[1]?.outputs).toEqual([
    { kind: "text", text: "one\ntwo" },
    { kind: "html", html: "<b>" },
    { kind: "picture", source: "data:image/png;base64,AABB" },
    { kind: "text", text: "E: v", tone: "error" },
    { kind: "unknown", types: ["application/x-widget"] },
  ]);
});

test("a picture that is text is shown as a picture, never as text of the page", () => {
  const [cell] = notebookOf({
    cells: [
      {
        cell_type: "code",
        source: "",
        outputs: [{ output_type: "display_data", data: { "image/svg+xml": "<svg><script>" } }],
      },
    ],
  }).cells;
  expect(cell?.outputs[0]).toEqual({
    kind: "picture",
    source: "data:image/svg+xml;charset=utf-8,%3Csvg%3E%3Cscript%3E",
  });
});

test("the format before, and what is none", () => {
  const book = notebookOf({
    worksheets: [
      {
        cells: [
          {
            cell_type: "code",
            input: ["x"],
            prompt_number: 1,
            outputs: [{ output_type: "pyout", text: ["7"] }],
          },
        ],
      },
    ],
  });
  expect(book.cells[0]).toEqual({
    kind: "code",
    text: "x",
    count: 1,
    outputs: [{ kind: "text", text: "7" }],
  });
  expect(notebookOf({}).cells).toEqual([]);
  expect(() => notebookOf([])).toThrow("isn't a notebook");
});
