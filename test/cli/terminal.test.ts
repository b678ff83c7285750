/** The command line on a terminal, which `script` makes: what it asks there, and that a passphrase is not shown. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { foundMarket } from './market.ts'
import { copyOf, folder, PASSPHRASE, ROOT } from './run.ts'

const hasTerminals = process.platform === 'linux' && existsSync('/usr/bin/script')

let dir: string

beforeAll(async () => {
  dir = (await foundMarket()).dir
})

/** Runs a command on a terminal, and types an answer in the very moment in which each question is there. */
async function onTerminal(target: string, args: readonly string[], typed: readonly string[], columns = 80) {
  const { NIMLEDGER_PASSPHRASE: _, ...env } = process.env
  const words = [process.execPath, join(ROOT, 'core/bin/cli.ts'), '--dir', target, ...args].map((word) => `'${word}'`)
  const child = spawn('script', ['-qefc', `stty cols ${columns}; exec ${words.join(' ')}`, '/dev/null'], { env })
  const answers = [...typed]
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8')
    if (shown.endsWith(': ') && answers.length > 0) child.stdin.write(answers.shift()!)
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, shown: shown.replaceAll('\r\n', '\n') }
}

describe.runIf(hasTerminals)('a passphrase', () => {
  const topup = ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'asked for']

  it('is asked for, and not shown however fast it is typed', async () => {
    const { code, shown } = await onTerminal(copyOf(dir), topup, [`${PASSPHRASE}\r`])
    expect(shown).toMatch(/^Passphrase: \naccepted {2}entry/)
    expect(code).toBe(0)
  })

  it('is asked for twice where it is new', async () => {
    const { code, shown } = await onTerminal(join(folder(), 'new'), ['init'], ['one\r', 'another\r'])
    const questions = 'A passphrase for the keys of this ledger: \nOnce more: \n'
    expect({ code, shown }).toEqual({ code: 2, shown: `${questions}The two passphrases differ; nothing was done.\n` })
  })

  it('that is not given ends the command', async () => {
    for (const key of ['\u0003', '\u0004']) {
      const { code, shown } = await onTerminal(dir, topup, [key])
      expect({ code, shown }).toEqual({ code: 2, shown: 'Passphrase: \nNo passphrase was given.\n' })
    }
  })

  it('is not asked for where there is no ledger', async () => {
    const { code, shown } = await onTerminal(join(folder(), 'none'), topup, [])
    expect(code).toBe(2)
    expect(shown).toContain('There is no ledger in')
  })
})

it.runIf(hasTerminals)('the progress of long work keeps to one line of a narrow terminal', async () => {
  const { code, shown } = await onTerminal(dir, ['verify'], [], 40)
  expect(code).toBe(0)
  const bars = shown.split('\r\u001b[K').filter((line) => line.startsWith('verify '))
  expect(bars.length).toBeGreaterThan(0)
  for (const bar of bars) expect(bar.length).toBeLessThan(40)
})
