import { expect, test } from "vitest";
import { canAnswer, lookOf } from "../../console/widgets/states.ts";
import { SHOWN_STATES } from "../../src/admin/account-schemas.ts";

test("every state of an account has a name and a colour", () => {
  expect(SHOWN_STATES.filter((state) => lookOf(state) === undefined)).toEqual([]);
});

test("an account whose page opens, or that an operator uses, does not count as able to answer", () => {
  expect(SHOWN_STATES.filter(canAnswer)).toEqual(["idle", "ready", "busy", "rate_limited"]);
});
