import { describe, expect, it } from "vitest";
import { misfit, pairingsOf } from "./pairings.ts";
import { buildOf, digest, manifestOf, peerKvm, smallSuite } from "./testing/small-suite.ts";
import type { SuiteVariant } from "./types.ts";
import { unitsOf } from "./units.ts";

const suite = smallSuite();
const ids = (change: Parameters<typeof buildOf>[0]) =>
  pairingsOf(suite, buildOf(change)).map(({ id, covers }) => [id, ...covers.slice(1)]);
const digests = (guest: string | null, host: string | null) => ({ manifest: digest("1"), guest, host, rom: null });

describe("pairings", () => {
  it("are own × own and each half against the reference of its ABI", () => {
    expect(ids({})).toEqual([["own"], ["guest/kvm"], ["host/kvm"]]);
  });

  it("run equal bytes once: the reference build itself, and a variant of one half", () => {
    expect(ids({ digests: digests(peerKvm.guest, peerKvm.host) })).toEqual([["own", "guest/kvm", "host/kvm"]]);
    expect(ids({ digests: digests(peerKvm.guest, digest("3")) })).toEqual([["own", "host/kvm"], ["guest/kvm"]]);
  });

  it("complete a single half with the reference of its ABI", () => {
    expect(ids({ digests: digests(digest("2"), null) })).toEqual([["guest/kvm"]]);
    expect(ids({ digests: digests(null, digest("3")) })).toEqual([["host/kvm"]]);
  });

  it("are own alone for private ABIs and for machines without an ABI", () => {
    expect(ids({ manifest: manifestOf({ abi: { name: "x-acme", version: "1" } }) })).toEqual([["own"]]);
    const native = manifestOf({ machine: "native", profile: "native", abi: null });
    expect(ids({ manifest: native, digests: digests(digest("2"), null) })).toEqual([["own"]]);
  });

  it("of two builds' halves are these two alone", () => {
    expect(ids({ pair: true })).toEqual([["own"]]);
  });

  it.each([
    ["abi.name", { abi: { name: "xen-pv", version: "4" } }],
    ["abi.version", { abi: { name: "kvm-pv", version: "2-3" } }],
    ["machine", { machine: "shadow" }],
    ["pvi", { pvi: { min: "1.1", max: "1.2" } }],
    [null, { abi: { name: "kvm-pv", version: "1-3" }, pvi: { min: "1.0", max: "1.2" } }],
  ] as const)("name the field that differs: %s", (field, change) => {
    expect(misfit(manifestOf(change as Parameters<typeof manifestOf>[0]), peerKvm.manifest)).toBe(field);
  });
});

describe("hostile variants", () => {
  const variantOf = (name: string, half: "guest" | "host", cases: string[]): SuiteVariant => ({
    name,
    peer: "kvm",
    half,
    title: name,
    freedom: "",
    module: digest(half === "host" ? "4" : "5"),
    cases,
  });
  const variants = [variantOf("slow", "host", ["flushes"]), variantOf("wild", "guest", ["lazy"])];
  const hostile = smallSuite({ variants });
  const { cases } = smallSuite();
  const pairingIds = (build: ReturnType<typeof buildOf>) => pairingsOf(hostile, build).map(({ id }) => id);

  it("of the host meet the guest half, those of the guest the host half", () => {
    expect(pairingIds(buildOf())).toEqual(["own", "guest/kvm", "host/kvm", "guest/kvm+slow", "host/kvm+wild"]);
    expect(pairingIds(buildOf({ digests: digests(digest("2"), null) }))).toEqual(["guest/kvm", "guest/kvm+slow"]);
    expect(pairingIds(buildOf({ digests: digests(null, digest("3")) }))).toEqual(["host/kvm", "host/kvm+wild"]);
    const [, , , slow, wild] = pairingsOf(hostile, buildOf());
    expect(slow).toMatchObject({ guest: digest("2"), host: digest("4"), variant: "slow" });
    expect(wild).toMatchObject({ guest: digest("5"), host: digest("3"), variant: "wild" });
  });

  it("meet no private ABI", () => {
    expect(pairingIds(buildOf({ manifest: manifestOf({ abi: { name: "x-acme", version: "1" } }) }))).toEqual(["own"]);
  });

  it("run the cases that they name, and a hostile case runs with nobody else", () => {
    const suite = smallSuite({
      variants,
      cases: cases.map((item) => (item.id === "lazy" ? { ...item, peers: "hostile" as const } : item)),
    });
    const build = buildOf();
    const run = (variant: string | null) => {
      const pairings = pairingsOf(suite, build);
      const units = unitsOf(suite, build).filter((unit) => pairings[unit.pairing]?.variant === variant);
      return [...new Set(units.map((unit) => suite.cases[unit.case]?.id))];
    };
    expect([run(null), run("slow"), run("wild")]).toEqual([["masks", "flushes"], ["flushes"], ["lazy"]]);
  });
});
