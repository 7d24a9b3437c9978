import { describe, expect, it } from "vitest";
import { checkFit } from "./intake-fit.ts";
import { checkManifest } from "./intake-manifest.ts";
import { manifestOf, smallSuite } from "./testing/small-suite.ts";
import type { Manifest } from "./types.ts";

const suite = smallSuite();
const some = new Uint8Array(1);
const both = { manifest: some, guest: some, host: some };
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

const codes = (change: Partial<Manifest>, parts: object = both, vendor?: string) =>
  checkFit(suite, manifestOf(change), { manifest: some, ...parts }, vendor).map(({ code, pointer, part }) =>
    [code, pointer ?? part ?? ""].join(" "),
  );

describe("the parts of a build", () => {
  it("fit", () => {
    expect(codes({})).toEqual([]);
    expect(codes({}, { guest: some }, "acme")).toEqual([]);
    expect(codes({ machine: "native", profile: "native", abi: null }, { guest: some })).toEqual([]);
    expect(codes({ machine: "fullvirt", profile: "native", abi: null }, { host: some })).toEqual([]);
    expect(codes({ complete_with: { host: "kvm" } }, { guest: some })).toEqual([]);
  });

  it.each([
    ["another vendor", ["vendor-mismatch /vendor"], {}, both, "other"],
    ["somebody else's private ABI", ["abi-not-yours /abi/name"], { abi: { name: "x-other", version: "1" } }, both],
    ["half of a private ABI", ["half-missing host"], { abi: { name: "x-acme", version: "1" } }, { guest: some }],
    ["another PVI version", ["pvi-unsupported /pvi"], { pvi: { min: "1.1", max: "1.3" } }, both],
    ["an unknown op offered", ["unknown-op /offers/1"], { offers: ["mmu.lazy", "mmu.fast"] }, both],
    [
      "a hypervisor for bare metal",
      ["half-unfitting /machine"],
      { machine: "native", profile: "native", abi: null },
      both,
    ],
    ["bare metal without a half", ["half-missing guest"], { machine: "native", profile: "native", abi: null }, {}],
    [
      "full virtualisation with a guest half",
      ["half-unfitting /machine"],
      { machine: "fullvirt", profile: "native", abi: null },
      both,
    ],
    ["no half", ["half-missing "], {}, {}],
    ["a ROM without its host half", ["half-missing host"], {}, { guest: some, rom: some }],
    ["an ABI nobody else speaks", ["no-peer /abi"], { abi: { name: "xen-pv", version: "4" } }, { guest: some }],
    ["an ABI version nobody else speaks", ["no-peer /abi"], { abi: { name: "kvm-pv", version: "2" } }, { host: some }],
    ["an unknown reference", ["no-peer /complete_with/host"], { complete_with: { host: "zvm" } }, { guest: some }],
  ] as [string, string[], Partial<Manifest>, object, string?][])(
    "are refused: %s",
    (_, expected, change, parts, vendor) => {
      expect(codes(change, parts, vendor)).toEqual(expected);
    },
  );

  it("are refused for everything at once, each with what to do", () => {
    const problems = checkFit(
      suite,
      manifestOf({ pvi: { min: "2.0", max: "2.0" }, offers: ["a.b"] }),
      { manifest: some },
      "other",
    );
    expect(problems.map((problem) => problem.code)).toEqual([
      "vendor-mismatch",
      "pvi-unsupported",
      "unknown-op",
      "half-missing",
    ]);
    for (const { title, detail, action } of problems)
      expect(Math.min(title.length, detail.length, action.length)).toBeGreaterThan(10);
  });
});

describe("the manifest", () => {
  const found = (value: Uint8Array | null) =>
    checkManifest(value).problems.map(({ code, pointer }) => [code, pointer ?? ""].join(" "));

  it("is read", () => {
    expect(checkManifest(bytes(manifestOf())).manifest).toEqual(manifestOf());
  });

  it.each([
    ["is missing", null, ["manifest-missing "]],
    ["is empty", new Uint8Array(), ["manifest-missing "]],
    ["is not UTF-8", new Uint8Array([0x7b, 0xff]), ["manifest-not-utf8 "]],
    ["is not JSON", bytes("{"), ["manifest-not-json "]],
    ["is too large", new Uint8Array(65_537).fill(32), ["too-large "]],
    ["has an unknown key", bytes({ ...manifestOf(), colour: 1 }), ["manifest-unknown-key /colour"]],
    [
      "lacks keys",
      bytes({ ...manifestOf(), vendor: undefined, pvi: { min: "1.0" } }),
      ["manifest-invalid /vendor", "manifest-invalid /pvi/max"],
    ],
  ])("is refused if it %s", (_, value, expected) => {
    expect(found(value)).toEqual(expected);
  });
});
