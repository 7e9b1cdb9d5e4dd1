import { describe, expect, test } from "vitest";
import { cursorAt } from "./cursor";
import { pieces } from "./pieces";
import { markedProblem } from "./problem";
import { chosen, operators, suggestions, wantedKeys, wantedValues } from "./suggest";

/** The bar is the cursor. */
function at(marked: string) {
  const caret = marked.indexOf("|");
  return cursorAt(marked.replace("|", ""), caret);
}

describe("pieces", () => {
  test("words, comparators, marks and quotes are told apart, as the server does", () => {
    expect(pieces("metrics.`val loss`>=1 AND tags.a IN ('x''y', \"z\")").map((each) => each.text)).toEqual([
      "metrics.",
      "val loss",
      ">=",
      "1",
      "AND",
      "tags.a",
      "IN",
      "(",
      "x''y",
      ",",
      "z",
      ")",
    ]);
  });

  test("a quote that isn't closed goes to the end", () => {
    expect(pieces("params.a = 'b c")[2]).toEqual({
      kind: "quoted",
      text: "b c",
      start: 11,
      end: 15,
      quote: "'",
    });
  });
});

describe("the cursor", () => {
  test.each([
    ["|", "name", ""],
    ["met|", "name", "met"],
    ["metrics.`val lo|ss` > 1", "name", "metrics.val lo"],
    ["metrics.loss |", "operator", ""],
    ["metrics.loss >|", "operator", ">"],
    ["params.a NOT |", "operator", "NOT "],
    ["params.a IS NOT|", "operator", "IS NOT"],
    ["metrics.loss > |", "value", ""],
    ["params.model = 'm|", "value", "m"],
    ["params.model = 'm|'", "value", "m"],
    ["run_id IN (|", "value", ""],
    ["run_id IN ('a', |", "value", ""],
    ["params.model = 'mlp' |", "and", ""],
    ["params.model IS NULL |", "and", ""],
    ["run_id IN ('a') |", "and", ""],
    ["params.model = 'mlp' an|", "and", "an"],
    ["params.model = 'mlp' AND |", "name", ""],
    ["params.model = 'mlp' AND par|", "name", "par"],
  ])("at %s stands a %s", (text, expects, typed) => {
    expect(at(text)).toMatchObject({ expects, typed });
  });

  test("knows the field that an operator or a value is of", () => {
    expect(at("params.`learning rate` = |").field).toEqual({ part: "params", key: "learning rate" });
    expect(at("status = |").field).toEqual({ part: "attributes", key: "status" });
    expect(at("metric.loss |").field).toEqual({ part: "metrics", key: "loss" });
  });
});

describe("suggestions", () => {
  const none = { keys: {}, values: [] };

  test("keys that aren't plain words are quoted by backticks", () => {
    const found = suggestions(at("met|"), { keys: { metrics: ["loss", "val loss"] }, values: [] });
    expect(found.map((each) => each.text)).toEqual(["metrics.", "metrics.loss", "metrics.`val loss`"]);
  });

  test("operators are those that the field has", () => {
    expect(operators({ part: "metrics", key: "loss" }).map(([text]) => text)).not.toContain("LIKE");
    expect(operators({ part: "attributes", key: "run_id" }).map(([text]) => text)).toContain("NOT IN");
    expect(suggestions(at("params.a IS |"), none).map((each) => each.text)).toEqual([
      "IS NULL",
      "IS NOT NULL",
    ]);
  });

  test("values are those seen, in quotes", () => {
    const known = { keys: {}, values: ["mlp", "it's", "both ' and \""] };
    expect(suggestions(at("params.model = |"), known).map((each) => each.text)).toEqual(["'mlp'", '"it\'s"']);
    expect(suggestions(at("status = 'fin|"), none).map((each) => each.text)).toEqual(["'FINISHED'"]);
  });

  test("only what is needed is asked for", () => {
    expect(wantedKeys(at("params.ra|"))).toEqual({ parts: ["params"], contains: "ra" });
    expect(wantedKeys(at("ra|")).parts).toEqual(["metrics", "params", "tags"]);
    expect(wantedKeys(at("params.rate > |")).parts).toEqual([]);
    expect(wantedValues(at("params.rate = |"))).toEqual({ part: "params", key: "rate" });
    expect(wantedValues(at("metrics.rate = |"))).toBeUndefined();
  });

  test("a choice takes the place of what was typed", () => {
    const text = "met > 1 AND x = 1";
    expect(chosen(text, cursorAt(text, 3), "metrics.loss")).toEqual({
      text: "metrics.loss > 1 AND x = 1",
      caret: 13,
    });
    expect(chosen("par", cursorAt("par", 3), "params.")).toEqual({ text: "params.", caret: 7 });
    expect(chosen("params.model = 'm", cursorAt("params.model = 'm", 17), "'mlp'").text).toBe(
      "params.model = 'mlp' ",
    );
  });
});

describe("a refusal", () => {
  test("marks the piece that it is about", () => {
    const filter = "metrics.loss < wrong";
    const marked = markedProblem(filter, "Invalid filter at character 16: a number was expected, not wrong.");
    expect(marked).toEqual({ message: "A number was expected, not wrong.", from: 15, to: 20 });
  });

  test("counts characters as the server does", () => {
    const marked = markedProblem("tags.`😀` < 'a'", "Invalid filter at character 10: no.");
    expect(marked && [marked.from, marked.to]).toEqual([10, 11]);
  });

  test("about something else isn't marked", () => {
    expect(markedProblem("a", "There is no such experiment.")).toBeUndefined();
  });
});
