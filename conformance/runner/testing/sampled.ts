/** How much of a long list of like tests runs: part of it in `npm test`, all of it in `npm run whole`. Node only. */

/** The items that `inSample` picks; all of them when PARLEY_WHOLE is set. */
export function sampled<T>(items: readonly T[], inSample: (item: T, index: number) => boolean): T[] {
  return process.env.PARLEY_WHOLE ? [...items] : items.filter(inSample);
}
