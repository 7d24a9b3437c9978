import { describe, expect, it } from "vitest";
import { BuildPage } from "./pages/build.tsx";
import { MatrixPage } from "./pages/matrix.tsx";
import { OpPage } from "./pages/op.tsx";
import { RunPage } from "./pages/run.tsx";
import { markup as text } from "./respond.ts";
import { build, digest, matrix, op, report, run, runningRun, suite } from "./testing/fixtures.ts";

describe("matrix page", () => {
  it("puts a word beside every verdict and counts no skip as a pass", async () => {
    const page = await text(<MatrixPage matrix={matrix} />);
    expect(page).toContain("1 fail");
    expect(page).toContain("0/2 pass");
    expect(page).toContain("1 not offered");
    expect(page).toContain("does not conform, 20/24");
    expect(page.match(/<svg/g)?.length).toBe(page.match(/aria-hidden="true"/g)?.length);
  });

  it("keeps the registry's alphabetical order, whoever does better", async () => {
    const page = await text(<MatrixPage matrix={matrix} />);
    expect(page.indexOf("acme/hv")).toBeGreaterThan(0);
    expect(page.indexOf("acme/hv")).toBeLessThan(page.indexOf("parley/kvm"));
  });

  it("says of reference builds what they are, and of others that they are unverified", async () => {
    const page = await text(<MatrixPage matrix={matrix} />);
    expect(page).toContain("model of a published ABI, not a product");
    expect(page).toContain("unverified vendor");
  });

  it("says that the suite is new, and marks what is of an older one", async () => {
    expect(await text(<MatrixPage matrix={matrix} />)).not.toContain("The suite is new");
    const pending = { id: "run-later", state: "queued", at: matrix.rows[0]?.run.at ?? "" } as const;
    const rows = matrix.rows.map((row, at) => ({ ...row, stale: at === 0, pending: at === 0 ? pending : null }));
    const page = await text(<MatrixPage matrix={{ ...matrix, rows }} />);
    expect(page).toContain("1 backend of 2 here still with a result of an older suite, 1 of them with a run under way");
    expect(page).toContain(`title="${matrix.suite.digest}"`);
    expect(page.match(/⧗ stale: of an older suite/g)).toHaveLength(1);
    expect(page).toContain('<a href="/runs/run-later">newer run</a> is queued');
  });

  it("says of a private ABI what was graded", async () => {
    const [row] = matrix.rows;
    const rows = row ? [{ ...row, privateAbi: true }] : [];
    expect(await text(<MatrixPage matrix={{ ...matrix, rows }} />)).toContain("its own two halves together, no others");
    expect(await text(<MatrixPage matrix={matrix} />)).not.toContain("private ABI");
  });

  it("is readable when nothing was published yet", async () => {
    const page = await text(<MatrixPage matrix={{ ...matrix, rows: [], waiting: [] }} />);
    expect(page).toContain("No run is published yet.");
  });
});

describe("run page", () => {
  it("says what scenarios cost, or why nothing was counted", async () => {
    const page = await text(<RunPage run={run} report={report} suite={suite.digest} />);
    expect(page).toContain("What it costs");
    expect(page).toContain("sleep and wake-up");
    expect(page).toContain("transitions: 3");
    expect(page).toContain("ended as stuck");
    expect(await text(<RunPage run={run} report={{ ...report, scenarios: [] }} suite={suite.digest} />)).not.toContain(
      "What it costs",
    );
  });

  it("says that it was of an older suite", async () => {
    const stale = "⧗ stale: of an older suite";
    expect(await text(<RunPage run={run} report={report} suite="sha256:new" />)).toContain(stale);
    expect(await text(<RunPage run={run} report={report} suite={suite.digest} />)).not.toContain(stale);
  });

  it("shows failures before errors and both before the ops", async () => {
    const page = await text(<RunPage run={run} report={report} suite={suite.digest} />);
    const order = ["A kick that comes before the wait is not lost.", "fuel exhausted", "Every operation"].map((part) =>
      page.indexOf(part),
    );
    expect(order[0]).toBeGreaterThan(0);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it("names op, half, function and offset, and gives the schedule as a string to copy", async () => {
    const page = await text(<RunPage run={run} report={report} suite={suite.digest} />);
    expect(page).toContain("lock.kick, host half, function exit, byte offset 1204, vCPU 1 (role kicker)");
    expect(page).toContain("<code>p1@14,p0@20</code>");
    expect(page).toContain("--case lock.kick-before --pairing host/kvm --schedule");
  });

  it("lays the trace out with one column per vCPU", async () => {
    const page = await text(<RunPage run={run} report={report} suite={suite.digest} />);
    expect(page).toContain('<th scope="col">vCPU 0</th><th scope="col">vCPU 1</th>');
    expect(page).toContain("hypercall number 0x5, first argument 0x0");
    expect(page).toMatch(/expect_eq lock\.kick\.1.{0,80}got 0x5/s);
  });

  it("escapes what a build said", async () => {
    const page = await text(<RunPage run={run} report={report} suite={suite.digest} />);
    expect(page).toContain("&lt;b&gt;no vCPU can run&lt;/b&gt;");
    expect(page).not.toContain("<b>no vCPU");
  });

  it("says how many schedules were searched, and whether the bound was exhausted", async () => {
    const page = await text(<RunPage run={run} report={report} suite={suite.digest} />);
    expect(page).toContain("Searched 20 schedules of 3 cases in their pairings");
    expect(page).toContain("within the bound in 1, as many as the budget allows in 2.");
    expect(page).toContain("searched 12 schedules, all within bound 2");
    expect(page).toContain("searched 7 schedules; bound 2 not exhausted");
  });

  it("shows progress, with a plain refresh for readers without script", async () => {
    const page = await text(<RunPage run={runningRun} report={null} suite={suite.digest} />);
    expect(page).toContain("running: 1 of 3 shards done");
    expect(page).toContain('<noscript><meta http-equiv="refresh"');
    expect(await text(<RunPage run={run} report={report} suite={suite.digest} />)).not.toContain("http-equiv");
  });
});

describe("build and op page", () => {
  it("says on a reference build's page that it is a model, not a product", async () => {
    const notice = "this project’s model of a published ABI, not a vendor’s product";
    expect(await text(<BuildPage build={build} />)).toContain(notice);
    expect(await text(<BuildPage build={{ ...build, vendor: "acme" }} />)).not.toContain("<aside");
  });

  it("says of each run of a build why there is one", async () => {
    const page = await text(<BuildPage build={build} />);
    expect(page).toContain("<td>2, asked for by the vendor</td>");
    expect(page).toContain("<td>1, on submission</td>");
  });

  it("names a build by its whole digest", async () => {
    expect(await text(<BuildPage build={build} />)).toContain(`<code>${digest}</code>`);
  });

  it("shows each clause with its sentence, source and verdict", async () => {
    const page = await text(<OpPage view={op} />);
    expect(page).toContain("A kick of a vCPU that does not wait changes nothing else.");
    expect(page).toContain(
      '<th scope="col" class="num">hypercalls</th><th scope="col" class="num">guest instructions</th>',
    );
    expect(page).toContain('<td class="num">4</td><td class="num">1\u202f600</td>');
  });

  it("shows what tests a clause, what is left open, what was decided, and who defines the op where", async () => {
    const page = await text(<OpPage view={op} />);
    expect(page).toContain('<code title="the kick comes at any time">lock-kick-any-time</code> (explored)');
    expect(page).toContain("index of the vCPU to wake");
    expect(page).toContain("<dt>Allowed</dt><dd>The wake-up may be late.</dd>");
    expect(page).toContain("<strong>One kick is kept.</strong>");
    expect(page).toContain("KVM keeps one kick, Xen a pending event.");
    expect(page).toMatch(/<th scope="row">Xen<\/th><td class="prose">event channel of the lock<\/td>/);
    const bare = { ...op, op: { ...op.op, rule: true, deviations: [], decisions: [], definedBy: [] } };
    const rule = await text(<OpPage view={bare} />);
    expect(rule).toContain("a rule for all operations");
    for (const part of ["Signature", "What is left open", "Who defines it where"]) expect(rule).not.toContain(part);
  });

  it("has nothing inline that the CSP would refuse", async () => {
    const pages = [
      <MatrixPage matrix={matrix} />,
      <OpPage view={op} />,
      <BuildPage build={build} />,
      <RunPage run={run} report={report} suite={suite.digest} />,
    ];
    for (const page of await Promise.all(pages.map(text))) {
      expect(page).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=/);
      expect(page).toContain('<html lang="en">');
      expect(page).toContain('class="skip" href="#content"');
    }
  });
});
