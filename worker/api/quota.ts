// Quotas per vendor and per address, announced as draft-ietf-httpapi-ratelimit-headers-10 has it. Windows are fixed; what is refused
// is not counted.
import { sql } from "drizzle-orm";
import { statement } from "../db/client.ts";
import { BUILD_BODY_MAX_BYTES, QUOTAS, type QuotaName } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import type { AppContext } from "./app-env.ts";

/** The longest window: what began before it counts for nothing. */
const WINDOW_MAX_MS = Math.max(...Object.values(QUOTAS).map(({ windowSeconds = 0 }) => windowSeconds)) * 1000;

interface Charge {
  /** `vendor:NAME` or `address:…`. */
  owner: string;
  name: QuotaName;
  amount: number;
}

/** Where a charge stands after it was made, or refused. */
export interface Standing {
  name: QuotaName;
  left: number;
  /** Seconds until the window begins anew; null for what is not counted by time. */
  resetSeconds: number | null;
  refused: boolean;
}

/** Charges an address for one request: the caller is nobody that is known. @throws ProblemError quota-exceeded */
export function chargeAddress(c: AppContext, name: QuotaName, at: number): Promise<void> {
  return settle(c, [{ owner: addressOf(c), name, amount: 1 }], at);
}

/** Charges an address for a validation of the size that it states; the body is not read yet. @throws ProblemError quota-exceeded */
export function chargeValidation(c: AppContext, at: number): Promise<void> {
  const stated = Number(c.req.header("Content-Length"));
  // What is no size, or too large, is refused when the body is read.
  const sizeBytes = Number.isSafeInteger(stated) && stated >= 0 ? Math.min(stated, BUILD_BODY_MAX_BYTES) : 0;
  const owner = addressOf(c);
  const charges: Charge[] = [
    { owner, name: "validate", amount: 1 },
    { owner, name: "validate-bytes", amount: sizeBytes },
  ];
  return settle(c, charges, at);
}

/** Charges a vendor for one thing that it asks for. @throws ProblemError quota-exceeded */
export function chargeVendor(c: AppContext, vendor: string, name: QuotaName, at: number): Promise<void> {
  return settle(c, [{ owner: `vendor:${vendor}`, name, amount: 1 }], at);
}

/**
 * Charges a vendor, and the address that it comes from, for one submission. Of several at the same instant each sees the runs that
 * waited before all of them; `submissions` bounds how many that can be. @throws ProblemError quota-exceeded
 */
export function chargeSubmission(c: AppContext, vendor: string, sizeBytes: number, at: number): Promise<void> {
  const number: Charge[] = [
    { owner: `vendor:${vendor}`, name: "submissions", amount: 1 },
    { owner: addressOf(c), name: "address-submissions", amount: 1 },
  ];
  return settle(c, [...number, ...bytesOf(c, vendor, sizeBytes)], at, vendor);
}

/** Charges both for what a message made us fetch. @throws ProblemError quota-exceeded */
export function chargeFetched(c: AppContext, vendor: string, sizeBytes: number, at: number): Promise<void> {
  return settle(c, bytesOf(c, vendor, sizeBytes), at);
}

function bytesOf(c: AppContext, vendor: string, sizeBytes: number): Charge[] {
  return [
    { owner: `vendor:${vendor}`, name: "bytes", amount: sizeBytes },
    { owner: addressOf(c), name: "address-bytes", amount: sizeBytes },
  ];
}

/** `address:…` as quotas count it. */
export function addressOf(c: AppContext): string {
  return `address:${addressKey(c.req.header("CF-Connecting-IP") ?? "local")}`;
}

/** @param vendor whose waiting runs count too, and those of its address */
async function settle(c: AppContext, charges: readonly Charge[], at: number, vendor?: string): Promise<void> {
  const ended = sql`DELETE FROM quota_use WHERE began_at <= ${at - WINDOW_MAX_MS}`;
  const results = await c.env.DB.batch<{ used: number; began_at: number }>([
    statement(c.env, ended),
    ...charges.flatMap((charge) => counting(c, charge, at)),
    ...(vendor === undefined ? [] : waiting(c, vendor)),
  ]);
  const standings = charges.map(({ name }, i): Standing => {
    const { max, windowSeconds = 0 } = QUOTAS[name];
    const row = results[2 * i + 2]?.results[0];
    const began = row?.began_at ?? at;
    return {
      name,
      left: Math.max(0, max - (row?.used ?? 0)),
      resetSeconds: Math.max(1, Math.ceil((began - at) / 1000 + windowSeconds)),
      refused: results[2 * i + 1]?.meta.changes !== 1,
    };
  });
  for (const [i, name] of (vendor === undefined ? [] : (["queued", "address-queued"] as const)).entries()) {
    const used = results[2 * charges.length + 1 + i]?.results[0]?.used ?? 0;
    const left = Math.max(0, QUOTAS[name].max - used);
    standings.push({ name, left, resetSeconds: null, refused: left === 0 });
  }
  if (standings.some(({ refused }) => refused)) await giveBack(c, charges, standings);
  announce(c, standings);
}

/** Runs that wait or run: of the vendor's builds, as far as nobody else asked for them, and those that came from the address. */
function waiting(c: AppContext, vendor: string) {
  return [
    sql`SELECT count(*) AS used FROM runs JOIN builds ON builds.digest = runs.build
      WHERE runs.next_at IS NOT NULL AND runs.challenge = '' AND builds.vendor = ${vendor}`,
    sql`SELECT count(*) AS used FROM run_addresses WHERE address = ${addressOf(c)}`,
  ].map((query) => statement(c.env, query));
}

/** What one quota refuses costs nothing of the others. */
async function giveBack(c: AppContext, charges: readonly Charge[], standings: readonly Standing[]): Promise<void> {
  const queries = charges.flatMap(({ owner, name, amount }, i) => {
    const standing = standings[i];
    if (!standing || standing.refused) return [];
    standing.left += amount;
    return sql`UPDATE quota_use SET used = max(0, used - ${amount}) WHERE owner = ${owner} AND quota = ${name}`;
  });
  if (queries.length > 0) await c.env.DB.batch(queries.map((query) => statement(c.env, query)));
}

/** Counts, if that stays within the quota; then reads how it stands. One batch, so both see the same. */
function counting(c: AppContext, { owner, name, amount }: Charge, at: number) {
  const { max, windowSeconds = 0 } = QUOTAS[name];
  const over = sql`quota_use.began_at <= ${at - windowSeconds * 1000}`;
  return [
    sql`INSERT INTO quota_use (owner, quota, began_at, used) VALUES (${owner}, ${name}, ${at}, ${amount})
      ON CONFLICT (owner, quota) DO UPDATE SET
        used = CASE WHEN ${over} THEN excluded.used ELSE quota_use.used + excluded.used END,
        began_at = CASE WHEN ${over} THEN excluded.began_at ELSE quota_use.began_at END
      WHERE ${over} OR quota_use.used + excluded.used <= ${max}`,
    sql`SELECT used, began_at FROM quota_use WHERE owner = ${owner} AND quota = ${name}`,
  ].map((query) => statement(c.env, query));
}

function announce(c: AppContext, settled: readonly Standing[]): void {
  const earlier = (c.get("standings") ?? []).filter((one) => !settled.some(({ name }) => name === one.name));
  const standings = [...earlier, ...settled];
  c.set("standings", standings);
  const violated = settled.filter(({ refused }) => refused);
  if (violated.length === 0) return;
  const wait = Math.max(...violated.map(({ resetSeconds }) => resetSeconds ?? 30));
  const told = violated.map(({ name }) => `${name} (${policyOf(name)})`).join(", ");
  throw new ProblemError("quota-exceeded", `Used up: ${told}. The request was not worked on.`, {
    headers: { "Retry-After": String(wait) },
    violatedPolicies: violated.map(({ name }) => name),
  });
}

/** RateLimit fields of what was charged in this request; none if nothing was. */
export function rateLimitFields(standings: readonly Standing[] | undefined): Record<string, string> {
  if (!standings) return {};
  const left = standings.map(
    ({ name, left, resetSeconds }) => `"${name}";r=${left}${resetSeconds === null ? "" : `;t=${resetSeconds}`}`,
  );
  return {
    "RateLimit-Policy": standings.map(({ name }) => policyOf(name)).join(", "),
    RateLimit: left.join(", "),
  };
}

function policyOf(name: QuotaName): string {
  const { max, windowSeconds, unit } = QUOTAS[name];
  return `"${name}";q=${max}${windowSeconds ? `;w=${windowSeconds}` : ""}${unit ? `;qu="${unit}"` : ""}`;
}

/** An IPv6 caller has a whole /64 to itself: its first four groups are one address. */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.toLowerCase().split("::");
  const groups = (text: string) => text.split(":").filter((group) => group !== "");
  const [left, right] = [groups(head), groups(tail)];
  const zeros = address.includes("::")
    ? Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0")
    : [];
  const first = [...left, ...zeros, ...right].slice(0, 4);
  return first.map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}
