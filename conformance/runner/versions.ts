/** Version numbers: PVI "major.minor", ABI "n" or "min-max". */

export interface Range {
  min: number;
  max: number;
}

/** "1.2" as 0x10002, the 16.16 form of the `abi` exports; NaN if it is not a version. */
export function packVersion(text: string): number {
  const match = /^(\d{1,4})\.(\d{1,4})$/.exec(text);
  return match ? Number(match[1]) * 0x10000 + Number(match[2]) : Number.NaN;
}

/** "4" or "4-6" as a range; null if it is neither. */
export function versionRange(text: string): Range | null {
  const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(text);
  if (!match) return null;
  const min = Number(match[1]);
  return { min, max: match[2] === undefined ? min : Number(match[2]) };
}

export function pviRange(pvi: { min: string; max: string }): Range {
  return { min: packVersion(pvi.min), max: packVersion(pvi.max) };
}

/** What both ranges hold, or null. */
export function intersect(a: Range, b: Range): Range | null {
  const both = { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) };
  return both.min <= both.max ? both : null;
}
