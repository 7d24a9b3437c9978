import { describe, expect, it } from "vitest";
import { misfit, pairingsOf } from "./pairings.ts";
import { buildOf, digest, manifestOf, peerKvm, smallSuite } from "./testing/small-suite.ts";

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
