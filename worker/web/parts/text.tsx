import { MODEL_VENDOR, type RunCause, type Trust } from "../../registry/views.ts";

/** First 12 hex digits as text, the whole digest on hover and for assistive technology. */
export function DigestText({ digest, href }: { digest: string; href?: string }) {
  const short = <code title={digest}>{digest.replace(/^(sha256:.{12}).*$/, "$1…")}</code>;
  return href ? <a href={href}>{short}</a> : short;
}

/** UTC to the minute: the registry has no reader's time zone. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} class="nowrap">
      {at.slice(0, 16).replace("T", " ")} UTC
    </time>
  );
}

/** Why there is a run, after the number of its attempt. */
export const causeText = {
  submission: "on submission",
  rerun: "asked for by the vendor",
  suite: "because the suite is new",
  repeat: "because the run before it newly failed, or did not match a reproduction",
  reproduction: "of a reproduction’s one-time seed",
} as const satisfies Record<RunCause, string>;

/** Shown wherever a build of vendor `parley` is: nobody may mistake a model for a product. */
export function ModelNotice({ vendor }: { vendor: string }) {
  if (vendor !== MODEL_VENDOR) return null;
  return (
    <aside class="notice" aria-label="Reference build">
      <p>Reference build: this project’s model of a published ABI, not a vendor’s product.</p>
    </aside>
  );
}

/** What stands beside a vendor's name: a model, an unproven name, or nothing. */
export function VendorNote({ vendor, unverified }: { vendor: string; unverified: boolean }) {
  if (vendor === MODEL_VENDOR) return <span class="sub">model of a published ABI, not a product</span>;
  return unverified ? <span class="sub">unverified vendor</span> : null;
}

/** Where a build came from, in words. */
export function provenanceText(provenance: Trust["provenance"]): string {
  return { token: "submitted with a token", "ci-attested": "attested by CI" }[provenance];
}

export function TrustText({ trust }: { trust: Trust }) {
  const execution = { "registry-run": "run by this registry", reproduced: "reproduced by a verified party" }[
    trust.execution
  ];
  return (
    <>
      {provenanceText(trust.provenance)}; {execution}
    </>
  );
}

/** `12 345` with thin spaces, for counts that get large. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

export function bytesText(size_bytes: number): string {
  return size_bytes < 10_240 ? `${grouped(size_bytes)} bytes` : `${grouped(Math.round(size_bytes / 1024))} KiB`;
}

export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
