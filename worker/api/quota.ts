// Quotas per vendor and per address, announced as draft-ietf-httpapi-ratelimit-headers-10 has it. Windows are fixed; what is refused
// is not counted.
import { sql } from "drizzle-orm";
import { statement } from "../db/client.ts";
import { QUOTAS, type QuotaName } from "../limits.ts";
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
interface Standing {
  name: QuotaName;
  left: number;
  /** Seconds until the window begins anew; null for what is not counted by time. */
  resetSeconds: number | null;
  refused: boolean;
}

/** Charges an address: the caller is nobody that is known. @throws ProblemError quota-exceeded */
export function chargeAddress(c: AppContext, name: QuotaName, at: number): Promise<void> {
  return settle(c, [{ owner: addressOf(c), name, amount: 1 }], at);
}

/** Charges a vendor for one thing that it asks for. @throws ProblemError quota-exceeded */
export function chargeVendor(c: AppContext, vendor: string, name: QuotaName, at: number): Promise<void> {
  return settle(c, [{ owner: `vendor:${vendor}`, name, amount: 1 }], at);
}

/** Charges a vendor, and the address that it comes from, for one submission. @throws ProblemError quota-exceeded */
export function chargeSubmission(c: AppContext, vendor: string, sizeBytes: number, at: number): Promise<void> {
  const [own, address] = [`vendor:${vendor}`, addressOf(c)];
  const charges: Charge[] = [
    { owner: own, name: "submissions", amount: 1 },
    { owner: own, name: "bytes", amount: sizeBytes },
    { owner: address, name: "address-submissions", amount: 1 },
    { owner: address, name: "address-bytes", amount: sizeBytes },
  ];
  return settle(c, charges, at, vendor);
}

function addressOf(c: AppContext): string {
  return `address:${addressKey(c.req.header("CF-Connecting-IP") ?? "local")}`;
}

/** @param vendor whose waiting runs count too */
async function settle(c: AppContext, charges: Charge[], at: number, vendor?: string): Promise<void> {
  const statements = charges.flatMap((charge) => counting(c, charge, at));
  const queued = sql`SELECT count(*) AS used FROM runs JOIN builds ON builds.digest = runs.build
    WHERE runs.next_at IS NOT NULL AND builds.vendor = ${vendor ?? ""}`;
  const ended = sql`DELETE FROM quota_use WHERE began_at <= ${at - WINDOW_MAX_MS}`;
  const results = await c.env.DB.batch<{ used: number; began_at: number }>([
    ...statements,
    ...(vendor === undefined ? [] : [statement(c.env, queued)]),
    statement(c.env, ended),
  ]);
  const standings = charges.map(({ name }, i): Standing => {
    const { max, windowSeconds = 0 } = QUOTAS[name];
    const row = results[2 * i + 1]?.results[0];
    const began = row?.began_at ?? at;
    return {
      name,
      left: Math.max(0, max - (row?.used ?? 0)),
      resetSeconds: Math.max(1, Math.ceil((began - at) / 1000 + windowSeconds)),
      refused: results[2 * i]?.meta.changes !== 1,
    };
  });
  if (vendor !== undefined) {
    const left = Math.max(0, QUOTAS.queued.max - (results[2 * charges.length]?.results[0]?.used ?? 0));
    standings.push({ name: "queued", left, resetSeconds: null, refused: left === 0 });
  }
  announce(c, standings);
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

function announce(c: AppContext, standings: readonly Standing[]): void {
  c.set("rateLimit", {
    "RateLimit-Policy": standings.map(({ name }) => policyOf(name)).join(", "),
    RateLimit: standings
      .map(({ name, left, resetSeconds }) => `"${name}";r=${left}${resetSeconds === null ? "" : `;t=${resetSeconds}`}`)
      .join(", "),
  });
  const violated = standings.filter(({ refused }) => refused);
  if (violated.length === 0) return;
  const wait = Math.max(...violated.map(({ resetSeconds }) => resetSeconds ?? 30));
  const told = violated.map(({ name }) => `${name} (${policyOf(name)})`).join(", ");
  throw new ProblemError("quota-exceeded", `Used up: ${told}. The request was not worked on.`, {
    headers: { "Retry-After": String(wait) },
    violatedPolicies: violated.map(({ name }) => name),
  });
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
