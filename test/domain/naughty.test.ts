/** The Big List of Naughty Strings through every text field of every type: taken or malformed, and what is taken shows. */

import { describe, expect, test } from 'vitest'
import type { Json } from '../../core/domain/canonical.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { type Play, playScene } from './play.ts'
import { readVector } from './vectors.ts'

const STRINGS = (JSON.parse(readVector('blns/blns.json').toString()) as string[]).concat([
  ...[
    '\ud800',
    'a\udc00',
    '\u0000',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'x'.repeat(70_000),
    'nim1',
    '@ada',
    '$law',
  ],
])

/** The fields of a type that hold a text; what else the type needs is in `body`. Numbers in paths are indexes of arrays. */
interface TextFields {
  readonly scene: string
  readonly signer: string
  readonly body: string
  readonly paths: readonly string[]
}

const LICENCES = '"licences":[{"price":"9","days":365,"seats":5,"redistribution":false}]'
const CONTENT = '"content":{"sha256":hash(a),"bytes":1}'
const LISTED = '"title":"T","description":"D"'

const FIELDS: Record<string, readonly TextFields[]> = {
  'ledger.genesis': [
    {
      ...{ scene: 'ledger.genesis', signer: 'operator', body: 'GENESIS' },
      paths: [
        'origin',
        'name',
        'operatorKey',
        'sequencerKey',
        'clock',
        'plans.0.plan',
        'plans.0.price',
        'policy.minimumPayout',
        'policy.creditNote',
      ],
    },
  ],
  'account.open': [
    { scene: 'given/accounts', signer: 'nobody', body: '{"publicKey":key(nobody),"name":"N"}', paths: ['publicKey', 'name'] },
  ],
  'account.profile': [{ scene: 'given/accounts', signer: 'bob', body: '{"name":"B"}', paths: ['name'] }],
  'account.freeze': [{ scene: 'account.freeze', signer: 'operator', body: 'FREEZE', paths: ['account', 'reason'] }],
  'account.unfreeze': [{ scene: 'account.unfreeze', signer: 'operator', body: 'UNFREEZE', paths: ['account', 'reason'] }],
  'key.add': [
    {
      scene: 'key.add',
      signer: 'bob',
      body:
        '{"publicKey":key(bob/phone),"scopes":["spend"],"label":"phone","budget":{"amount":"5","per":"day"},"listings":[$data],' +
        '"expires":"2027-01-01T00:00:00Z"}',
      paths: ['publicKey', 'scopes.0', 'label', 'budget.amount', 'budget.per', 'listings.0', 'expires'],
    },
  ],
  'key.revoke': [{ scene: 'key.revoke', signer: 'bob', body: 'REVOKE', paths: ['key', 'reason'] }],
  'sequencer.rotate': [{ scene: 'sequencer.rotate', signer: 'operator', body: 'ROTATE', paths: ['sequencerKey'] }],
  'policy.update': [
    { scene: 'policy.update', signer: 'operator', body: 'POLICY', paths: ['policy.minimumPayout', 'policy.creditNote'] },
    { scene: 'policy.update', signer: 'operator', body: 'PLANS', paths: ['plans.0.plan', 'plans.1.price', 'effectiveFrom'] },
  ],
  'credit.topup': [
    { scene: 'given/accounts', signer: 'operator', body: 'TOPUP', paths: ['account', 'amount', 'provider', 'reference'] },
  ],
  'credit.grant': [
    {
      ...{ scene: 'credit.grant', signer: 'operator', body: 'GRANT' },
      paths: ['account', 'amount', 'expiresAt', 'reason', 'provider', 'reference'],
    },
  ],
  'credit.return': [{ scene: 'credit.return', signer: 'operator', body: 'RETURN', paths: ['amount', 'provider', 'reference'] }],
  'credit.refund': [{ scene: 'credit.refund', signer: 'operator', body: 'REFUND', paths: ['amount', 'reason'] }],
  'credit.chargeback': [
    { scene: 'credit.chargeback', signer: 'operator', body: 'CHARGEBACK', paths: ['amount', 'provider', 'reference'] },
  ],
  'debt.forgive': [{ scene: 'debt.forgive', signer: 'operator', body: 'FORGIVE', paths: ['account', 'amount', 'reason'] }],
  'earnings.move': [{ scene: 'earnings.move', signer: 'ada', body: 'MOVE', paths: ['amount'] }],
  'payout.request': [{ scene: 'payout.request', signer: 'ada', body: 'PAYOUT', paths: ['amount', 'destination'] }],
  'payout.cancel': [{ scene: 'payout.cancel', signer: 'ada', body: 'CANCEL', paths: ['payout'] }],
  'payout.settle': [{ scene: 'payout.settle', signer: 'operator', body: 'SETTLE', paths: ['payout', 'provider', 'reference'] }],
  'payout.fail': [{ scene: 'payout.fail', signer: 'operator', body: 'FAIL', paths: ['payout', 'reason'] }],
  'revenue.withdraw': [
    { scene: 'revenue.withdraw', signer: 'operator', body: 'FEES', paths: ['book', 'amount', 'provider', 'reference'] },
  ],
  'plan.subscribe': [
    { scene: 'given/accounts', signer: 'bob', body: '{"plan":"starter","price":"19"}', paths: ['plan', 'price'] },
  ],
  'plan.offer': [{ scene: 'plan.offer', signer: 'operator', body: 'OFFER', paths: ['account', 'price', 'period', 'expires'] }],
  'plan.change': [{ scene: 'plan.change', signer: 'ada', body: 'EXPERIENCED', paths: ['plan', 'price'] }],
  'plan.cancel': [{ scene: 'plan.cancel', signer: 'ada', body: '{}', paths: ['reason'] }],
  'plan.renew': [{ scene: 'plan.renew', signer: 'ada', body: 'RENEW', paths: ['account'] }],
  'model.create': [{ scene: 'given/creator', signer: 'bob', body: 'LAW', paths: ['name', 'base', 'artifact', 'description'] }],
  'model.deploy': [{ scene: 'given/creator', signer: 'ada', body: '{"model":$law}', paths: ['model'] }],
  'model.undeploy': [{ scene: 'given/creator', signer: 'ada', body: '{"model":$law}', paths: ['model'] }],
  'listing.publish': [
    {
      ...{ scene: 'given/market', signer: 'ada', body: 'API' },
      paths: ['kind', 'title', 'description', 'model', 'subscription.week', 'query.perRequest', 'access'],
    },
    {
      ...{ scene: 'given/market', signer: 'ada', body: `{"kind":"dataset",${LISTED},${CONTENT},"purchase":"25",${LICENCES}}` },
      paths: ['title', 'description', 'content.sha256', 'purchase', 'licences.0.price'],
    },
    {
      ...{ scene: 'given/market', signer: 'ada', body: `{"kind":"feature",${LISTED},"price":"4"}` },
      paths: ['title', 'description', 'price', 'model'],
    },
  ],
  'listing.update': [
    {
      ...{ scene: 'listing.update', signer: 'ada', body: 'PRICES' },
      paths: ['listing', 'title', 'description', 'subscription.week', 'access'],
    },
  ],
  'listing.withdraw': [{ scene: 'listing.withdraw', signer: 'ada', body: 'WITHDRAW', paths: ['listing', 'reason'] }],
  'subscription.start': [
    {
      ...{ scene: 'given/market', signer: 'bob', body: '{"listing":$api,"terms":1,"period":"month","price":"10"}' },
      paths: ['listing', 'period', 'price'],
    },
  ],
  'subscription.cancel': [{ scene: 'subscription.cancel', signer: 'bob', body: 'CANCEL', paths: ['subscription'] }],
  'subscription.renew': [{ scene: 'subscription.renew', signer: 'bob', body: 'RENEW', paths: ['subscription'] }],
  'dataset.purchase': [
    { scene: 'given/market', signer: 'bob', body: '{"listing":$data,"terms":1,"price":"25"}', paths: ['listing', 'price'] },
  ],
  'dataset.license': [
    {
      ...{ scene: 'given/market', signer: 'bob', body: '{"listing":$data,"terms":1,"licence":0,"price":"9"}' },
      paths: ['listing', 'price'],
    },
  ],
  'feature.purchase': [
    { scene: 'given/market', signer: 'bob', body: '{"listing":$tool,"terms":1,"price":"4"}', paths: ['listing', 'price'] },
  ],
  'usage.mandate': [
    {
      scene: 'given/market',
      signer: 'bob',
      body: '{"listing":$open,"terms":1,"limit":{"amount":"1","per":"day"},"reserve":"0","expires":"2026-12-31T00:00:00Z"}',
      paths: ['listing', 'limit.amount', 'limit.per', 'reserve', 'expires'],
    },
  ],
  'usage.revoke': [
    { scene: 'given/market', signer: 'bob', body: '{"mandate":"man_00000000000000000000000000000000"}', paths: ['mandate'] },
  ],
  'hold.open': [
    {
      scene: 'given/market',
      signer: 'bob',
      body: '{"listing":$open,"terms":1,"amount":"0.5","expiresAt":"2026-02-01T01:00:00Z"}',
      paths: ['listing', 'amount', 'expiresAt'],
    },
  ],
  'hold.capture': [{ scene: 'hold.capture', signer: 'ada', body: 'CAPTURE', paths: ['hold', 'reference'] }],
  'hold.release': [{ scene: 'hold.release', signer: 'ada', body: 'RELEASE', paths: ['hold'] }],
  'query.charge': [{ scene: 'query.charge', signer: 'bob', body: 'CALL', paths: ['listing', 'reference'] }],
  'period.close': [{ scene: 'given/market', signer: 'operator', body: 'CLOSING', paths: ['end', 'stateRoot', 'totals.issued'] }],
  'usage.batch': [
    {
      scene: 'given/market',
      signer: 'ada',
      body: '{"listing":$open,"stream":"s","first":1,"start":"2026-02-01T00:00:00Z","payers":[@bob],"lines":[[0,0,1,0,0,0,"r"]]}',
      paths: ['listing', 'stream', 'start', 'payers.0', 'lines.0.6'],
    },
  ],
}

/** The body with the text at a path replaced. */
function replaceAt(body: Json, [name, ...rest]: readonly string[], text: string): Json {
  if (name === undefined) return text
  const copy = structuredClone(body) as Record<string, Json>
  copy[name] = replaceAt(copy[name]!, rest, text)
  return copy
}

/** `fine` where the text may stand: no control, format (bidi, zero-width), separator or surrogate character, and NFC. */
function isFine(text: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text) && text.normalize('NFC') === text && text.length > 0
}

/** Why a run is neither: what is wrong with it, in words. */
function fault(play: Play, type: string, { signer, body, paths: _ }: TextFields, path: string, text: string): string | undefined {
  const changed = replaceAt(play.body(body), path.split('.'), text)
  let note: string
  try {
    note = play.world.compose(play.account(signer), type, changed)
  } catch {
    // A lone surrogate cannot be written at all.
    return text.isWellFormed() ? 'it cannot be composed' : undefined
  }
  const result = play.world.run(note)
  if (result.status === 'refused' && result.code === 'malformed') return undefined
  // What is not malformed was taken by the rules, whether they accepted the transaction or refused it for what it asks.
  if (text === '' && path.endsWith('description')) return undefined
  return isFine(text) ? undefined : `it is taken, though it hides something (${result.status})`
}

describe('naughty strings', () => {
  test('the list is there, and every type has its fields', () => {
    expect(STRINGS.length).toBeGreaterThan(500)
    expect(Object.keys(FIELDS).sort()).toEqual([...rules.get(1)!.keys()].sort())
  })

  const fields = Object.entries(FIELDS).flatMap(([type, forms]) =>
    forms.flatMap((form) => form.paths.map((path) => [type, path, form] as const)),
  )
  test.each(fields)('%s %s', (type, path, form) => {
    let play = playScene(form.scene)
    const faults = STRINGS.flatMap((text) => {
      const { size } = play.world
      const why = fault(play, type, form, path, text)
      // What was accepted changed the ledger: the next text meets it as it was before.
      if (play.world.size > size) play = playScene(form.scene)
      return why === undefined ? [] : [`${JSON.stringify(text.slice(0, 40))}: ${why}`]
    })
    expect(faults).toEqual([])
  })
})
