import { expect, test } from "vitest";
import { Placement } from "../../src/cluster/placement.ts";

const IDS = Array.from({ length: 3_000 }, (_, index) => `account-${index}`);

function countsOf(placement: Placement, places: Parameters<Placement["of"]>[1]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of IDS) {
    const place = placement.of(id, places) ?? "none";
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}

test("replicas get accounts by the number of pages that they may open", () => {
  const counts = countsOf(new Placement(), [
    { id: "a", weight: 10 },
    { id: "b", weight: 20 },
    { id: "door", weight: 0 },
  ]);
  expect(Object.keys(counts).toSorted()).toEqual(["a", "b"]);
  expect(counts["a"]).toBeGreaterThan(900);
  expect(counts["a"]).toBeLessThan(1_100);
});

test("when a replica joins, accounts move to it only", () => {
  const placement = new Placement();
  const two = [
    { id: "a", weight: 10 },
    { id: "b", weight: 10 },
  ];
  const three = [...two, { id: "c", weight: 10 }];
  const moved = IDS.filter((id) => placement.of(id, two) !== placement.of(id, three));
  expect(moved.every((id) => placement.of(id, three) === "c")).toBe(true);
  expect(moved.length).toBeLessThan(1_150);
});

test("every replica places an account alike, in whatever order it knows the others", () => {
  const places = ["a", "b", "c", "d"].map((id, index) => ({ id, weight: 5 + index }));
  const [one, other] = [new Placement(), new Placement()];
  expect(IDS.every((id) => one.of(id, places) === other.of(id, places.toReversed()))).toBe(true);
});

test("without a replica that can have accounts there is no place", () => {
  expect(new Placement().of("account-1", [{ id: "door", weight: 0 }])).toBeUndefined();
});
