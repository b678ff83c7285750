/** What the tests of bad input share: files to hand in, a command that writes, and a ledger that must be as it was. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { cli, folder, type Run, stateOf } from './run.ts'

export const files = folder()

export function save(name: string, content: string | Uint8Array): string {
  const path = join(files, name)
  writeFileSync(path, content)
  return path
}

export function topup(target: string, amount: string, reference = 'bad'): Promise<Run> {
  return cli(target, ['topup', 'Bob', amount, '--provider', 'bank', '--reference', reference])
}

/** Whatever came before, the ledger is as it was, and verifies. */
export async function expectAsBefore(dir: string, before: Awaited<ReturnType<typeof stateOf>>): Promise<void> {
  expect(before.ok).toBe(true)
  expect(await stateOf(dir)).toEqual(before)
}
