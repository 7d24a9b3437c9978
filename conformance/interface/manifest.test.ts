import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readManifest } from "./manifest.ts";

const backends = new URL("../backends/", import.meta.url);
const valid = {
  parley: 1,
  vendor: "parley",
  backend: "kvm",
  version: "1.0.0",
  profile: "enlightened",
  machine: "enlightened",
  pvi: { min: "1.0", max: "1.0" },
  abi: { name: "kvm-pv", version: "1" },
  needs: { vcpus: 4, memory_pages: 1024, host_pages: 64, guest_memory_pages: 1, host_memory_pages: 1 },
};

function pointersOf(change: object): string[] {
  const result = readManifest({ ...valid, ...change });
  return result.ok ? [] : result.problems.map((problem) => problem.pointer);
}

describe("the manifest schema", () => {
  it("accepts the manifest of every reference build", () => {
    const names = readdirSync(backends).filter((name) => existsSync(new URL(`${name}/parley.json`, backends)));
    expect(names).toContain("kvm");
    for (const name of names)
      expect(
        readManifest(JSON.parse(readFileSync(new URL(`${name}/parley.json`, backends), "utf8"))),
        name,
      ).toMatchObject({ ok: true });
  });

  it("fills defaults in", () => {
    expect(readManifest(valid)).toMatchObject({
      ok: true,
      manifest: { slat: false, offers: [], complete_with: null, features: { offered: "0" } },
    });
  });

  it("refuses unknown keys at every depth, naming each", () => {
    expect(pointersOf({ colour: "red", needs: { ...valid.needs, "a/b": 1 } }).sort()).toEqual([
      "/colour",
      "/needs/a~1b",
    ]);
  });

  it.each([
    ["a missing key", { vendor: undefined }, "/vendor"],
    ["another format version", { parley: 2 }, "/parley"],
    ["a vendor that is no slug", { vendor: "Parley!" }, "/vendor"],
    ["too many vCPUs", { needs: { ...valid.needs, vcpus: 9 } }, "/needs/vcpus"],
    ["a fraction", { needs: { ...valid.needs, vcpus: 1.5 } }, "/needs/vcpus"],
    ["a profile of another machine", { profile: "direct" }, "/profile"],
    ["a missing ABI", { abi: null }, "/abi"],
    ["an ABI without a hypervisor", { profile: "native", machine: "fullvirt" }, "/abi"],
    ["a reversed version range", { pvi: { min: "1.2", max: "1.1" } }, "/pvi/max"],
    ["a range over majors", { pvi: { min: "1.0", max: "2.0" } }, "/pvi/max"],
    ["a reversed ABI range", { abi: { name: "kvm-pv", version: "3-2" } }, "/abi/version"],
    ["an op twice", { offers: ["mmu.lazy_enter", "mmu.lazy_enter"] }, "/offers"],
    ["a 65-bit bitmap", { features: { offered: "18446744073709551616", hints: "0" } }, "/features/offered"],
    ["host pages without a host half", { profile: "native", machine: "native", abi: null }, "/needs/host_pages"],
  ])("refuses %s", (_, change, pointer) => expect(pointersOf(change)).toContain(pointer));

  it("survives values that are no object", () => {
    for (const value of [null, [], "x", 1, undefined]) expect(readManifest(value).ok).toBe(false);
  });
});
