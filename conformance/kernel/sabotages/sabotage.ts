/** Shape of a sabotage: a bug put into one half of a reference build that exactly one case must notice. */

/** A textual edit of a source; `find` must occur exactly once. */
export interface Edit {
  /** Path from the project root. */
  file: string;
  find: string;
  replace: string;
}

export interface Sabotage {
  /** Id of the case that must fail, alone. */
  case: string;
  /** The clause that must fail in it, where the case has several and its other sabotage fails another one. */
  clause?: string;
  /** What is wrong now, in words. */
  title: string;
  half: "native/guest" | "kvm/guest" | "kvm/host" | "fullvirt/host";
  edits: Edit[];
}

const backends = "conformance/backends";
export const nativeGuest = `${backends}/native/guest.ts`;
export const nativeApic = `${backends}/native/apic.ts`;
export const nativeApState = `${backends}/native/ap-state.ts`;
export const nativeSmp = `${backends}/native/smp.ts`;
export const nativeFlush = `${backends}/native/flush.ts`;
export const nativeClock = `${backends}/native/clock.ts`;
export const nativeMsr = `${backends}/native/msr.ts`;
export const alarm = `${backends}/lib/alarm.ts`;
export const nativeWallclock = `${backends}/native/wallclock.ts`;
export const scale = `${backends}/lib/scale.ts`;
export const kvmGuest = `${backends}/kvm/guest.ts`;
export const kvmFeatures = `${backends}/kvm/guest/features.ts`;
export const kvmClock = `${backends}/kvm/guest/clock.ts`;
export const kvmPairing = `${backends}/kvm/guest/pairing.ts`;
export const kvmWait = `${backends}/kvm/guest/wait.ts`;
export const kvmAreas = `${backends}/kvm/guest/areas.ts`;
export const kvmRemote = `${backends}/kvm/guest/remote.ts`;
export const kvmHypercalls = `${backends}/kvm/host/hypercalls.ts`;
export const kvmPlatform = `${backends}/kvm/guest/platform.ts`;
export const kvmHostPlatform = `${backends}/kvm/host/platform.ts`;
export const kvmHostClock = `${backends}/kvm/host/clock.ts`;
export const kvmHost = `${backends}/kvm/host.ts`;
export const kvmIo = `${backends}/kvm/host/io.ts`;
export const kvmSteal = `${backends}/kvm/host/steal.ts`;

/** What tells a sabotage from all others. */
export function sabotageId({ case: id, clause }: Sabotage): string {
  return clause ?? id;
}

/** Sabotage of the native half. */
export function native(id: string, title: string, ...edits: Edit[]): Sabotage {
  return { case: id, title, half: "native/guest", edits };
}

/** Sabotage of KVM's guest half. */
export function guest(id: string, title: string, ...edits: Edit[]): Sabotage {
  return { case: id, title, half: "kvm/guest", edits };
}

/** Sabotage of KVM's host half. */
export function host(id: string, title: string, ...edits: Edit[]): Sabotage {
  return { case: id, title, half: "kvm/host", edits };
}

/** Sabotage of the host half of full virtualisation. */
export function fullvirt(id: string, title: string, ...edits: Edit[]): Sabotage {
  return { case: id, title, half: "fullvirt/host", edits };
}

export function edit(file: string, find: string, replace: string): Edit {
  return { file, find, replace };
}

/** Puts statements at the start of a function's body; `head` is its declaration line up to and with the brace. */
export function atStart(file: string, head: string, statements: string): Edit {
  return { file, find: head, replace: `${head}\n${statements}` };
}

/** Makes KVM's guest half export an op that it does not have. */
export function exported(signature: string, body: string): Edit {
  const before = "export function init_version(): i32 {";
  return edit(kvmGuest, before, `export function ${signature} {\n  ${body}\n}\n\n${before}`);
}
