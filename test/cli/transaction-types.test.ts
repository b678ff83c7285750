/** What the command line tells of each transaction type: an example that holds, the same as in the documents, and hints. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXAMPLE_BODIES } from '../../core/bin/commands/example-bodies.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { cli, expectFailed, expectRefused, folder, ROOT } from './run.ts'

const definitions = rules.get(1)!
const document = readFileSync(join(ROOT, 'docs/transactions.md'), 'utf8')
const HEX = 'a'.repeat(64)

/** An example with something in the place of its placeholders. */
function filledIn(example: unknown): unknown {
  const text = JSON.stringify(example)
    .replaceAll('nim1…', 'nim1dt53xap0m0tsl0sawdtgtsv0s7kmh5wdye75ph')
    .replaceAll(/"(mdl|lst|sub|hld|pay|off|man)_…"/g, `"$1_${'0'.repeat(32)}"`)
    .replaceAll('<8 hex>', '0123abcd')
    .replaceAll(/<[^<>]*hex>/g, HEX)
  return JSON.parse(text)
}

describe('an example of each transaction type', () => {
  it.each([...definitions.keys()])('%s', (type) => {
    const examples = EXAMPLE_BODIES[type] ?? []
    // The two that are made by init and renew alone.
    expect(examples.length > 0).toBe(!['ledger.genesis', 'period.close'].includes(type))
    for (const example of examples) {
      const read = definitions.get(type)!.body.safeParse(filledIn(example))
      expect(read.error).toBeUndefined()
      expect(document).toContain(`\`${JSON.stringify(example)}\``)
    }
  })
})

describe('help', () => {
  const help = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli('', [...args, '--help'], { plain: true })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }

  it('of tx names every type, and of a type shows how it is signed', async () => {
    const all = await help('tx')
    for (const type of definitions.keys()) expect(all).toMatch(new RegExp(`\\b${type}\\b`))
    expect(await help('tx', 'plan.change')).toContain(
      `  nimledger tx plan.change --as ACCOUNT --body '{"plan":"starter","price":"19"}'\n`,
    )
    expect(await help('tx', 'credit.grant')).toContain('nimledger tx credit.grant --as operator --body')
    expect(await help('tx', 'query.charge')).toContain('nimledger tx query.charge --as ACCOUNT --cosign ACCOUNT --body')
    expect(await help('tx', 'period.close')).toContain('nimledger renew makes a period.close by itself.')
    expect(await help('tx', 'plan.chnge')).toContain('there are plan.offer, plan.subscribe, plan.change')
  })
})

describe('a mistyped type', () => {
  it('is told with those that may have been meant', async () => {
    const dir = folder()
    const tx = (...args: string[]) => cli(dir, ['tx', ...args, '--as', 'Ada', '--body', '{}'])
    const run = await tx('plan.subscrib')
    expectRefused(run, 'malformed')
    expect(run.json.message).toContain('"plan.subscrib"; there are plan.offer, plan.subscribe, plan.change')
    expect((await tx('sign', 'topup')).json.message).toContain('there is credit.topup')
    expect((await tx('frob')).json.message).toContain('nimledger tx --help lists them')
    const bare = await cli(dir, ['tx', 'dataset.purchase', '--as', 'Ada'])
    expectFailed(bare, 'usage')
    expect(bare.json.message).toContain('nimledger tx dataset.purchase --help has an example')
    const log = await cli(dir, ['log', '--type', 'purchase'])
    expectFailed(log, 'usage')
    expect(log.json.message).toContain('there are dataset.purchase, feature.purchase')
  })
})
