import { expect, test } from "vitest";
import { pictureAt, seriesOf, stepsOf } from "./images";

const ID = "0a1b2c3d-1111-2222-3333-444455556666";

test("pictures logged under a key are one series, with their thumbnails left out", () => {
  const found = seriesOf([
    `images/val~samples+step+10+timestamp+500+${ID}.png`,
    `images/val~samples+step+10+timestamp+500+${ID}+compressed.webp`,
    `images/val~samples+step+2+timestamp+400+${ID}.png`,
    `images/old#key%step%3%timestamp%300%${ID}.png`,
  ]);
  expect([...found.keys()]).toEqual(["val/samples", "old/key"]);
  expect(found.get("val/samples")?.map((picture) => picture.step)).toEqual([2, 10]);
  expect(found.get("old/key")?.[0]).toMatchObject({ step: 3, timestamp: 300 });
});

test("of two pictures of a step, the later stays", () => {
  const found = seriesOf([`images/a+step+1+timestamp+9+${ID}.png`, `images/a+step+1+timestamp+5+${ID}.png`]);
  expect(found.get("a")).toMatchObject([{ timestamp: 9 }]);
});

test("files that differ in their last number are a series", () => {
  const found = seriesOf(["samples/v2_epoch_10.png", "samples/v2_epoch_9.png", "plots/roc.svg", "data.csv"]);
  expect([...found]).toEqual([
    [
      "samples/v2_epoch_*.png",
      [
        { path: "samples/v2_epoch_9.png", step: 9 },
        { path: "samples/v2_epoch_10.png", step: 10 },
      ],
    ],
    ["plots/roc.svg", [{ path: "plots/roc.svg", step: 0 }]],
  ]);
});

test("a run shows the last picture up to the step of the slider", () => {
  const pictures = [
    { path: "a", step: 0 },
    { path: "b", step: 5 },
  ];
  expect(stepsOf([pictures, [{ path: "c", step: 3 }]])).toEqual([0, 3, 5]);
  expect(pictureAt(pictures, 4)?.path).toBe("a");
  expect(pictureAt(pictures, 5)?.path).toBe("b");
  expect(pictureAt(pictures, -1)).toBeUndefined();
});
