import { expect, it } from "vitest";
import configuration from "../wrangler.toml?raw";
import { iso, now } from "./clock.ts";

const request = { headers: new Headers({ "X-Parley-Now": "2026-01-02T03:04:05Z" }) };

it("obeys X-Parley-Now only where the binding TEST_CLOCK exists", () => {
  expect(iso(now({ TEST_CLOCK: "1" }, request))).toBe("2026-01-02T03:04:05Z");
  expect(Math.abs(now({}, request) - Date.now())).toBeLessThan(1000);
  expect(Math.abs(now({ TEST_CLOCK: "1" }) - Date.now())).toBeLessThan(1000);
});

it("has no such binding outside of tests", () => {
  expect(configuration).toContain("[[d1_databases]]");
  expect(configuration).not.toContain("TEST_CLOCK");
});
