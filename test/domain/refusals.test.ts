/** Every code is explained: docs/refusals.md is made from the code, and this test tells when it must be made anew. */

import { expect, test } from 'vitest'
import { CODES, COMMON_CODES, type Code, refuse } from '../../core/domain/refusal.ts'
import { rules } from '../../core/domain/transactions/index.ts'

const types = [...rules.get(1)!.values()]
const LINE_CODES: readonly Code[] = ['no_mandate', 'subscription_required', 'exceeds_mandate', 'exceeds_credits']

/** The sentence of a code, with the names of its figures in the place of figures. */
function sentenceOf(code: Code): string {
  const named = new Proxy({}, { get: (_, name) => `‹${String(name)}›` })
  return refuse(code, named).message
}

function refusedBy(code: Code): string {
  const common = COMMON_CODES.includes(code as never) ? ['every type'] : []
  const created = code === 'exists' ? ['every type that makes a thing'] : []
  const own = types.filter(({ checks }) => checks.some((one) => one.code === code)).map(({ type }) => `\`${type}\``)
  const lines = LINE_CODES.includes(code) ? ['lines of `usage.batch`'] : []
  return [...common, ...created, ...own, ...lines].join(', ')
}

const HEAD = `# Refusals

A refusal is a value: the ledger answers it with a code, a sentence for people, and its figures in \`data\`. It never enters
the log; after the signature check it is remembered until the note's \`validUntil\`, so the same note is refused again. This
table is made from the code by \`npm run -s test -- test/domain/refusals.test.ts -u\`.

| code | what it says | who refuses with it |
|---|---|---|
`

test('docs/refusals.md tells every code, its sentence and the types that refuse with it', async () => {
  const rows = CODES.map((code) => `| \`${code}\` | ${sentenceOf(code).replaceAll('|', '\\|')} | ${refusedBy(code)} |\n`)
  await expect(`${HEAD}${rows.join('')}`).toMatchFileSnapshot('../../docs/refusals.md')
})

test('no code is there that nobody refuses with', () => {
  expect(CODES.filter((code) => refusedBy(code) === '')).toEqual([])
})

test('a sentence is whole, ends with a full stop, and names a figure only by its data', () => {
  for (const code of CODES) {
    expect(sentenceOf(code)).toMatch(/^[A-Z‹].*\.$/)
    expect(sentenceOf(code)).not.toMatch(/undefined|\[object/)
  }
})

test('of what there is one of, a sentence speaks in the singular', () => {
  const one = new Proxy({}, { get: () => '1' })
  for (const code of CODES)
    expect(refuse(code, one).message).not.toMatch(/\b1 (?:credits|deployed models|entries|more are|were|are(?! now))\b/)
})

test('what is on sale is told one after the other', () => {
  const { message } = refuse('unknown_plan', { plan: 'gold', plans: ['starter', 'experienced'] })
  expect(message).toBe('There is no plan or offer gold to be taken now; on sale: starter, experienced.')
  expect(refuse('unknown_plan', { plan: 'gold', plans: [] }).message).toMatch(/; on sale: nothing\.$/)
})
