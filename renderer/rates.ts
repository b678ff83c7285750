/**
 * Shares and changes in per cent, from exact figures: cut to tenths, and never rounded to more than they are.
 *
 *     formatShare(1n, 3n)         '33.3 %'
 *     formatChange(90n, 120n)     '−25.0 %'
 */

const THOUSAND = 1_000n

/** A part of a whole that is more than nothing. */
export function formatShare(part: bigint, whole: bigint): string {
  const thousandths = (part * THOUSAND) / whole
  const magnitude = thousandths < 0n ? -thousandths : thousandths
  return `${thousandths < 0n ? '−' : ''}${magnitude / 10n}.${magnitude % 10n} %`
}

/** How much more something is than before, where it was something. */
export function formatChange(now: bigint, before: bigint): string {
  const share = formatShare(now - before, before < 0n ? -before : before)
  return share.startsWith('−') ? share : `+${share}`
}
