import { expect, test } from "vitest";
import { sentence } from "./events";

const event = { event_id: 1, timestamp: 0, name: "wine" };

test.each([
  [{ kind: "alias_set", key: "champion", after: "2" }, "set @champion to version 2"],
  [{ kind: "alias_set", key: "champion", before: "1", after: "2" }, "moved @champion from version 1 to 2"],
  [{ kind: "alias_removed", key: "champion", before: "2" }, "removed @champion from version 2"],
  [{ kind: "version_created", version: "3" }, "made version 3"],
  [{ kind: "stage_set", version: "3", after: "Production" }, "moved version 3 from None to Production"],
  [{ kind: "manifest_amended", version: "3" }, "manifest amended (version 3)"],
])("%o is told", (given, text) => {
  expect(sentence({ ...event, ...given })).toBe(text);
});
