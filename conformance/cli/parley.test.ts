import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../runner/digest.ts";
import type { Report } from "../runner/report.ts";
import { expectedDigests } from "../runner/testing/builds.ts";
import { hostileBuilds } from "../runner/testing/hostile.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const parley = join(root, "conformance/cli/parley.mjs");

function run(...words: string[]) {
  return spawnSync(process.execPath, [parley, ...words], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
  });
}

describe("parley test", () => {
  let expected: Record<string, string>;
  beforeAll(async () => {
    expected = await expectedDigests();
  });

  it("exits 0 for a build that conforms, and says so", () => {
    const { status, stdout, stderr } = run("test", "conformance/backends/native/build");
    expect(stderr).not.toContain("Error");
    expect(stdout).toContain("✓ conforms to PVI 1.0 in profile native");
    expect(stdout).toContain(`report ${expected.native}`);
    expect(status).toBe(0);
  });

  it("prints the report with --json: the same bytes for any number of shards", async () => {
    for (const shards of ["1", "9"]) {
      const { status, stdout } = run("test", "conformance/backends/native/build", "--json", "--shards", shards);
      expect(await digestOf(new TextEncoder().encode(stdout))).toBe(expected.native);
      expect((JSON.parse(stdout) as Report).summary.conforms).toBe(true);
      expect(status).toBe(0);
    }
  });

  it("prints failures first, in words, and exits 1", () => {
    const { status, stdout } = run("test", "conformance/mutants/native-halt-window/build");
    expect(stdout.indexOf("✗ fail")).toBe(0);
    for (const words of ["expected", "seen", "schedule   1-", "charged to the guest half", "✗ does not conform"])
      expect(stdout).toContain(words);
    expect(status).toBe(1);
  });

  it("replays a failing schedule with its trace", () => {
    const directory = "conformance/mutants/kvm-kick-not-sticky/build";
    const report = JSON.parse(run("test", directory, "--case", "lock-kick-any-time", "--json").stdout) as Report;
    const failed = report.cases.find((item) => item.failure);
    const words = [
      "--case",
      failed?.id ?? "",
      "--schedule",
      failed?.failure?.schedule ?? "",
      "--pairing",
      failed?.peer ?? "",
    ];
    const { status, stdout } = run("test", directory, ...words);
    expect(stdout).toContain(failed?.failure?.seen);
    expect(stdout).toContain("vCPU 0");
    // Fields, reasons and instructions have names; an exit says what it was about.
    expect(stdout).toMatch(/host {4}lock\.\w+ +get = 0x[0-9a-f]+ +vCPU \d, EXIT_INSN\n/);
    expect(stdout).toMatch(/exit insn +HLT\n/);
    expect(stdout).not.toMatch(/ = 0x[0-9a-f]+x/);
    expect(status).toBe(1);
    expect(run("test", "conformance/backends/kvm/build", ...words.slice(0, 4)).status).toBe(0);
  });
});

it("names the clause of each expectation in a trace", () => {
  const directory = "conformance/mutants/native-ipi-no-fence/build";
  const { stdout } = run("test", directory, "--case", "ipi-stores-visible", "--schedule", "1-");
  expect(stdout).toMatch(/kernel +expect_eq ipi\.send_mask\.3 +got 0x[0-9a-f]+\n/);
});

it("ends for a half that never yields, with exit code 1 and which op of which half it was", async () => {
  const loop = (await hostileBuilds()).get("guest-op-loop");
  const directory = mkdtempSync(join(tmpdir(), "parley-loop-"));
  try {
    writeFileSync(join(directory, "parley.json"), loop?.parts.manifest ?? "");
    writeFileSync(join(directory, "guest.wasm"), loop?.parts.guest ?? "");
    const { status, stdout } = run("test", directory, "--case", "irq-save-fl-both-states");
    expect(status).toBe(1);
    expect(stdout).toContain("fuel");
    expect(stdout).toMatch(/op +irq\.save_fl\n/);
    expect(stdout).toMatch(/in +guest half, function irq_save_fl/);
    expect(stdout).toMatch(/\n✗ does not conform: irq-save-fl-both-states does not hold in \S+ \(error\)/);
    expect(stdout).not.toContain("not run");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe("parley test --pair", () => {
  const kvm = "conformance/backends/kvm/build";

  it("runs two halves with each other alone, and charges the pair", () => {
    const { status, stdout } = run("test", "--pair", kvm, "conformance/mutants/kvm-kick-not-sticky/build", "--json");
    const report = JSON.parse(stdout) as Report;
    expect(report.pairings.map(({ id }) => id)).toEqual(["own"]);
    const failures = report.cases.flatMap(({ failure }) => (failure ? [failure] : []));
    expect(new Set(failures.map(({ clause }) => clause))).toEqual(new Set(["lock.kick.1"]));
    for (const failure of failures) expect(failure.charged).toBe("pair");
    expect(status).toBe(1);
  });

  it.each([
    ["a host half that is not there", [kvm, "conformance/backends/native/build"], "parley/native has no host half"],
    ["a guest half that is not there", ["conformance/backends/fullvirt/build", kvm], "has no guest half"],
    ["another ABI", ["conformance/backends/native/build", kvm], "differ in abi.name: none in parley/native, kvm-pv"],
  ])("refuses %s, with the reason", (_, directories, reason) => {
    const { status, stderr } = run("test", "--pair", ...directories);
    expect(stderr).toContain(reason);
    expect(status).toBe(2);
  });
});

describe("parley test --deep", () => {
  it("searches a case further, and says how far", () => {
    const words = ["test", "conformance/backends/native/build", "--case", "irq-disable-any-arrival"];
    const tried = (text: string) => Number(/searched (\d+) schedules/.exec(text)?.[1]);
    const own = run(...words);
    const deep = run(...words, "--deep");
    expect(deep.status).toBe(0);
    expect(deep.stdout).toMatch(/searched \d+ schedules with \d preemptions, bound exhausted: yes/);
    expect(tried(deep.stdout)).toBeGreaterThan(tried(own.stdout));
    expect(deep.stdout).not.toContain("report sha256");
    expect(own.stdout.trimEnd()).toMatch(
      /\n✓ conforms as far as irq-disable-any-arrival goes: it holds in its one pairing$/,
    );
  });
});

describe("parley exits 2 for", () => {
  it.each([
    ["no command", [], "Usage"],
    ["an unknown command", ["tset"], "tset"],
    ["no directory", ["test"], "directory of the build is missing"],
    ["a directory that is none", ["test", "package.json"], "not a directory"],
    [
      "an unknown case",
      ["test", "conformance/backends/native/build", "--case", "irq-nothing"],
      'Its "irq" cases are: irq-save-fl-both-states, ',
    ],
    [
      "a case of no group",
      ["test", "conformance/backends/native/build", "--case", "nothing"],
      "Its cases begin with: init-…, irq-…, msr-…, ",
    ],
    [
      "a schedule that does not fit",
      ["test", "conformance/backends/native/build", "--case", "irq-disable-any-arrival", "--schedule", "1-1:Z9"],
      "entry 1",
    ],
    [
      "a schedule that goes on behind the case's end",
      ["test", "conformance/backends/native/build", "--case", "irq-disable-any-arrival", "--schedule", "1-90000:S1"],
      "entry 1 lies behind the end",
    ],
    [
      "a seed out of range",
      ["test", "conformance/backends/native/build", "--seed", "f".repeat(65)],
      "64 lower-case hex",
    ],
  ])("%s", (_, words, named) => {
    const { status, stderr } = run(...words);
    expect(stderr).toContain(named);
    expect(status).toBe(2);
  });

  it("a build that intake refuses, with every problem", () => {
    const directory = mkdtempSync(join(tmpdir(), "parley-"));
    try {
      writeFileSync(join(directory, "guest.wasm"), "(module)");
      const { status, stderr } = run("test", directory);
      expect(stderr).toContain("manifest-missing");
      expect(stderr).toContain("not-wasm");
      expect(status).toBe(2);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
