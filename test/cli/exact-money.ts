/** Exact money, computed anew beside the product: its own functions are what is tested. */

export const MICROS = 1_000_000n

export function micros(text: string): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text)!
  const value = BigInt(whole!) * MICROS + BigInt(fraction.padEnd(6, '0'))
  return sign === '-' ? -value : value
}

export const sumOf = (amounts: readonly string[]) => amounts.reduce((sum, amount) => sum + micros(amount), 0n)

/**
 * What the trace costs at 0.0001 a request, 0.5 a million tokens in and 1.5 a million out: each call rounded up to the
 * microcredit.
 */
export function priceTrace(text: string): { lines: number; gross: bigint } {
  const calls = text.trimEnd().split(/\r?\n/).slice(1)
  let gross = 0n
  for (const call of calls) {
    const [, input, output] = call.split(',')
    const exact = 100n * 1_000_000n + 500_000n * BigInt(input!) + 1_500_000n * BigInt(output!)
    gross += (exact + 999_999n) / 1_000_000n
  }
  return { lines: calls.length, gross }
}
