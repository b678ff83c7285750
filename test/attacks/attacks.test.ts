/**
 * Attacks on the rules: what is tried, what the ledger answers, and why. Each is a case of the tables beside this file, in the
 * grammar of test/domain/table.ts: its title says what is tried, its statements what the ledger answers, and its first comment,
 * `# Why: …`, why nothing is gained. Attacks on signatures and on replicas have tests of their own here.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { playScene } from '../domain/play.ts'
import { readTable } from '../domain/table.ts'

const TABLES = ['money', 'keys', 'calls', 'plans', 'figures'].map((name) => ({ name, path: `../attacks/${name}` }))

describe.each(TABLES)('attacks: $name', ({ name, path }) => {
  const { cases } = readTable(path)
  test.each(cases)('$title', ({ statements }) => playScene(path).play(statements))

  test('each says why it fails', () => {
    const lines = readFileSync(join(import.meta.dirname, `${name}.txt`), 'utf8').split('\n')
    const silent = lines.filter((line, i) => line.startsWith('case ') && !lines[i + 1]!.startsWith('  # Why: '))
    expect(silent).toEqual([])
  })
})

test('there are enough of them', () => {
  const count = TABLES.reduce((sum, { path }) => sum + readTable(path).cases.length, 0)
  expect(count).toBeGreaterThanOrEqual(60)
})
