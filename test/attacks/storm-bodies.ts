/** A body of each transaction type, as a storm draws it: about things that there are, with extreme figures. */

import type { Json } from '../../core/domain/canonical.ts'
import { formatMicros } from '../../core/domain/money.ts'
import type * as state from '../../core/domain/state.ts'
import { formatSeconds } from '../../core/domain/time.ts'
import type { Storm } from './storm.ts'

/** A body, and who would sign it; anybody where nobody is named. */
export interface Body {
  readonly body: Json
  readonly signer?: string | undefined
}

type Draw = (storm: Storm) => Body

/** A name of a thing in a table, or of nothing. */
function thing(storm: Storm, table: string, prefix: string): string {
  const all = storm.rowsOf(table)
  const found = storm.random.chance(0.5) ? all.at(-1) : storm.random.maybe(all)
  return found === undefined || storm.random.chance(0.02) ? `${prefix}_${'0'.repeat(32)}` : found.key.key
}

function rowOf<Row>(storm: Storm, table: string, key: string): Row | undefined {
  return storm.rowsOf<Row>(table).find((one) => one.key.key === key)?.row
}

function usage(storm: Storm): Json {
  const { random } = storm
  const small = { requests: random.int(0, 3), inputTokens: random.int(0, 3000), outputTokens: 0, milliseconds: random.int(0, 10) }
  if (random.chance(0.7)) return small
  return { requests: storm.count(), inputTokens: storm.count(), outputTokens: storm.count(), milliseconds: storm.count() }
}

function sale(storm: Storm, kind: state.Listing['kind']) {
  const { random } = storm
  const listings = storm.rowsOf<state.Listing>('listing')
  const fitting = listings.filter(({ row }) => row.kind === kind)
  const found = random.maybe(random.chance(0.95) ? fitting : listings)
  const listing = found?.key.key ?? `lst_${'0'.repeat(32)}`
  const version = found?.row.version ?? 1
  const terms = random.chance(0.85) ? version : random.pick([1, version - 1 || 1, version + 1, Number.MAX_SAFE_INTEGER])
  return { listing, terms, known: rowOf<state.Terms>(storm, 'terms', `${listing}/${terms}`), owner: found?.row.account }
}

/** Anybody but the owner. */
function buyer(storm: Storm, owner: string | undefined): string {
  const people = storm.people().filter((name) => storm.account(name) !== owner)
  return storm.random.pick(people)
}

function priced(storm: Storm, price: bigint | undefined): string {
  return price === undefined || storm.random.chance(0.05) ? storm.amount() : formatMicros(price)
}

const query = (storm: Storm): Json => {
  const price = () => storm.random.pick(['0', '0', '0.000001', '0.0001', '0.5', '10', storm.amount()])
  return { perRequest: price(), perMInput: price(), perMOutput: price(), perSecond: price() }
}

function modelTerms(storm: Storm) {
  const { random } = storm
  const price = () => random.pick(['0.000001', '3', '10', '10', storm.amount()])
  return {
    ...(random.chance(0.8) && { subscription: { week: price(), month: price(), year: price() } }),
    ...(random.chance(0.9) && { query: query(storm) }),
    ...(random.chance(0.5) && { included: usage(storm) }),
    ...(random.chance(0.6) && { access: random.pick(['subscription', 'open', 'open', 'open']) }),
  }
}

function datasetTerms(storm: Storm) {
  const { random } = storm
  const licence = () => {
    return {
      price: storm.amount(),
      days: random.pick([1, 365, 36_500]),
      seats: random.pick([1, Number.MAX_SAFE_INTEGER]),
      redistribution: true,
    }
  }
  return {
    content: { sha256: 'a'.repeat(64), bytes: storm.count() },
    ...(random.chance(0.8) && { purchase: storm.amount() }),
    ...(random.chance(0.7) && { licences: [licence(), licence()] }),
  }
}

function featureTerms(storm: Storm) {
  const days = storm.random.pick([1, 30, 36_500, undefined])
  return { price: storm.amount(), ...(days !== undefined && { days }) }
}

const texts = { title: 'T', description: '' }

const TERMS = { model: modelTerms, dataset: datasetTerms, feature: featureTerms }

function plan(storm: Storm): Json {
  const { random } = storm
  const offer = random.chance(0.3) ? random.maybe(storm.rowsOf<state.Offer>('offer')) : undefined
  if (offer !== undefined) return { offer: offer.key.key, price: priced(storm, offer.row.priceMicros) }
  const sold = storm.rowsOf<state.Platform>('platform')[0]!.row.plans
  const found = random.maybe(sold)
  return { plan: found?.plan ?? 'starter', price: priced(storm, found?.priceMicros) }
}

/** An entry of the log: one that paid, topped up, or any. */
function entry(storm: Storm, wanted: (record: state.EntryRecord) => boolean): number {
  const { random, world } = storm
  const indexes = world.records.flatMap(({ record }, index) => (wanted(record) ? [index] : []))
  if (indexes.length === 0 || random.chance(0.05)) return random.pick([0, world.size - 1, world.size, Number.MAX_SAFE_INTEGER])
  return random.pick(indexes)
}

function undone(storm: Storm): Json {
  const index = entry(storm, ({ type }) => type === 'credit.topup')
  const record = storm.world.records[index]?.record
  const whole = record?.type === 'credit.topup' ? (record.body as { readonly amount: bigint }).amount : undefined
  const amount = whole === undefined || storm.random.chance(0.5) ? storm.amount() : formatMicros(whole)
  return { entry: index, amount, ...storm.reference() }
}

function refund(storm: Storm): Json {
  const { random } = storm
  const index = entry(storm, ({ outcome }) => outcome.payment !== undefined)
  const outcome = storm.world.records[index]?.record.outcome
  const charged = outcome?.lines?.flatMap((line, i) => (line.status === 'charged' ? [i] : []))
  const line = charged === undefined ? undefined : (random.maybe(charged) ?? 0)
  const figures = line === undefined ? outcome?.payment : (outcome!.lines![line] as { readonly grossMicros?: bigint } | undefined)
  const gross = figures?.grossMicros ?? 0n
  const amount =
    gross === 0n || random.chance(0.3) ? storm.amount() : formatMicros(random.chance(0.5) ? gross : (gross + 1n) / 2n)
  return { entry: index, ...(line !== undefined && { line }), amount, reason: 'r' }
}

function hold(storm: Storm) {
  const open = storm.rowsOf<state.Hold>('hold').filter(({ row }) => !row.isClosed && row.expiresAt > storm.now)
  const id = (storm.random.chance(0.8) && storm.random.maybe(open)?.key.key) || thing(storm, 'hold', 'hld')
  const listing = rowOf<state.Hold>(storm, 'hold', id)?.listing ?? ''
  const owner = rowOf<state.Listing>(storm, 'listing', listing)?.account
  return { id, signer: storm.random.chance(0.7) ? storm.nameOf(owner) : 'operator' }
}

function owned(storm: Storm, table: string, prefix: string) {
  const id = thing(storm, table, prefix)
  return { id, signer: storm.nameOf(rowOf<{ readonly account: string }>(storm, table, id)?.account) }
}

function batch(storm: Storm): Body {
  const { random } = storm
  const { listing, owner } = sale(storm, 'model')
  const signer = random.chance(0.7) ? storm.nameOf(owner) : 'operator'
  const streams = rowOf<state.Streams>(storm, 'streams', `${storm.account(signer ?? 'ada')}/${listing}`)?.streams ?? []
  const stream = random.maybe(streams)?.stream ?? random.pick(['a', 'b'])
  const last = streams.find((one) => one.stream === stream)?.last ?? 0
  const first = Math.max(1, Math.min(Number.MAX_SAFE_INTEGER - 8, last + random.pick([1, 1, 1, 1, 0, -2, 2])))
  const payers = storm.people().map((name) => storm.account(name))
  const lines = Array.from({ length: random.int(1, 8) }, () => {
    const small = [random.int(0, 2), random.int(0, 2000), random.int(0, 2000), random.int(0, 2000)]
    const figures = random.chance(0.7) ? small : [storm.count(), storm.count(), storm.count(), storm.count()]
    return [random.int(0, payers.length - 1), storm.count(), ...figures]
  })
  return { body: { listing, stream, first, start: storm.time(), payers, lines }, signer }
}

function mandate(storm: Storm): Body {
  const { random } = storm
  const { listing, terms, owner } = sale(storm, 'model')
  const limit = { amount: storm.amount(), per: random.pick(['day', 'month']) }
  const reserve = random.pick(['0', '0', '0.000001', '5', storm.amount()])
  return { body: { listing, terms, limit, reserve, expires: storm.time() }, signer: buyer(storm, owner) }
}

function policyUpdate(storm: Storm): Json {
  const { random, now } = storm
  const price = () => random.pick(['0.000001', '19', '49'])
  const offered = [{ plan: 'starter', modelLimit: random.pick([1, 3, 5]), price: price(), period: storm.period() }]
  const days = () => random.pick([0, 7, 90, 91, Number.MAX_SAFE_INTEGER])
  return {
    ...(random.chance(0.5) && { feeBps: random.pick([0, 1, 1000, 1500, 1501, Number.MAX_SAFE_INTEGER]) }),
    ...(random.chance(0.4) && { plans: random.chance(0.2) ? [] : offered }),
    ...(random.chance(0.3) && {
      policy: {
        minimumPayout: random.pick(['0', '25', '999999999999']),
        earningsHoldDays: days(),
        graceDays: days(),
        creditNote: 'n',
      },
    }),
    effectiveFrom: random.chance(0.5) ? storm.time() : formatSeconds(Math.min(now + 8 * 86_400, 0xffff_ffff)),
  }
}

function keyAdd(storm: Storm): Body {
  const { random } = storm
  const name = storm.someone()
  const scopes = random.chance(0.5) ? ['spend'] : random.some(['all', 'spend', 'meter', 'issue', 'schedule'], 3)
  const isLimitable = scopes.includes('spend') && !scopes.includes('all')
  const body = {
    publicKey: storm.publicKey(name),
    scopes,
    label: 'k',
    ...(isLimitable && random.chance(0.7) && { budget: { amount: storm.amount(), per: random.pick(['day', 'month']) } }),
    ...(isLimitable && random.chance(0.2) && { listings: [sale(storm, 'model').listing] }),
    ...(random.chance(0.3) && { expires: storm.time() }),
  }
  return { body, signer: name }
}

function publish(storm: Storm): Body {
  const { random } = storm
  const kind = random.pick(['model', 'model', 'model', 'dataset', 'feature'] as const)
  const model = owned(storm, 'model', 'mdl')
  const named = kind === 'model' || (kind === 'feature' && random.chance(0.2)) ? { model: model.id } : {}
  return { body: { kind, ...texts, ...named, ...TERMS[kind](storm) }, signer: model.signer }
}

function update(storm: Storm): Body {
  const listing = owned(storm, 'listing', 'lst')
  const kind = rowOf<state.Listing>(storm, 'listing', listing.id)?.kind ?? 'model'
  return { body: { listing: listing.id, ...TERMS[kind](storm) }, signer: listing.signer }
}

function fixedSale(
  storm: Storm,
  kind: 'dataset' | 'feature',
  priceOf: (terms: state.Terms) => bigint | undefined,
  more = {},
): Body {
  const { listing, terms, known, owner } = sale(storm, kind)
  return { body: { listing, terms, price: priced(storm, known && priceOf(known)), ...more }, signer: buyer(storm, owner) }
}

function call(storm: Storm, more: (storm: Storm) => object): Body {
  const { listing, terms, owner } = sale(storm, 'model')
  return { body: { listing, terms, ...more(storm) }, signer: buyer(storm, owner) }
}

function subscribe(storm: Storm): Body {
  const { listing, terms, known, owner } = sale(storm, 'model')
  const period = storm.period()
  const price = known?.subscription?.find((one) => one.period === period)?.priceMicros
  return { body: { listing, terms, period, price: priced(storm, price) }, signer: buyer(storm, owner) }
}

function closing(storm: Storm): Body {
  const stated = { size: storm.world.size, ...storm.world.summary() }
  const spoiled = storm.random.chance(0.2) ? { accounts: 2 } : {}
  return { body: { end: formatSeconds(storm.now), ...stated, ...spoiled }, signer: 'operator' }
}

/** Texts whose order differs by UTF-16 and by UTF-8, and some that could be taken for a row's key. */
const SCRIPTS = ['q', 'a/b/', '\uff21', '\u{10400}', '\u{1f600}', '~', '"\\']

function frozenOr(storm: Storm): string {
  const frozen = storm.rowsOf<state.Account>('account').filter(({ row }) => row.frozen)
  return storm.random.maybe(frozen)?.key.key ?? storm.account()
}

const byOperator =
  (draw: (storm: Storm) => Json): Draw =>
  (storm) => ({ body: draw(storm), signer: 'operator' })

const byAnybody =
  (draw: (storm: Storm) => Json): Draw =>
  (storm) => ({ body: draw(storm) })

const about =
  (table: string, prefix: string, field: string): Draw =>
  (storm) => {
    const { id, signer } = owned(storm, table, prefix)
    return { body: { [field]: id }, signer }
  }

export const BODIES: Readonly<Record<string, Draw>> = {
  'account.open': (storm) => {
    const { name, publicKey } = storm.newcomer()
    return { body: { publicKey, name: 'n' }, signer: name }
  },
  'account.profile': byAnybody(() => ({ name: 'n' })),
  'account.freeze': byOperator((storm) => ({ account: storm.account(), reason: 'r' })),
  'account.unfreeze': byOperator((storm) => ({ account: frozenOr(storm), reason: 'r' })),
  'key.add': keyAdd,
  'key.revoke': (storm) => {
    const name = storm.someone()
    return { body: { key: storm.knownKey(name), reason: 'r' }, signer: name }
  },
  'sequencer.rotate': byOperator((storm) => ({ sequencerKey: storm.publicKey('operator') })),
  'policy.update': byOperator(policyUpdate),
  'credit.topup': byOperator((storm) => ({ account: storm.account(), amount: storm.amount(), ...storm.reference() })),
  'credit.grant': byOperator((storm) => {
    return { account: storm.account(), amount: storm.amount(), expiresAt: storm.time(), reason: 'r', ...storm.reference() }
  }),
  'credit.return': byOperator(undone),
  'credit.refund': byOperator(refund),
  'credit.chargeback': byOperator(undone),
  'debt.forgive': byOperator((storm) => ({ account: storm.account(), amount: storm.amount(), reason: 'r' })),
  'earnings.move': byAnybody((storm) => ({ amount: storm.amount() })),
  'payout.request': byAnybody((storm) => ({ amount: storm.amount(), destination: 'd' })),
  'payout.cancel': about('payout', 'pay', 'payout'),
  'payout.settle': byOperator((storm) => ({ payout: thing(storm, 'payout', 'pay'), ...storm.reference() })),
  'payout.fail': byOperator((storm) => ({ payout: thing(storm, 'payout', 'pay'), reason: 'r' })),
  'revenue.withdraw': byOperator((storm) => {
    return { book: storm.random.pick(['fees', 'plans']), amount: storm.amount(), ...storm.reference() }
  }),
  'plan.offer': byOperator((storm) => {
    const modelLimit = storm.random.pick([11, 40, 1_000])
    return { account: storm.account(), modelLimit, price: storm.amount(), period: storm.period(), expires: storm.time() }
  }),
  'plan.subscribe': byAnybody(plan),
  'plan.change': byAnybody(plan),
  'plan.cancel': byAnybody(() => ({})),
  'plan.renew': byOperator((storm) => ({ account: storm.account() })),
  'model.create': (storm) => {
    const holder = storm.random.maybe(storm.rowsOf('plan'))?.key.key
    return { body: { name: 'n', base: 'b', artifact: 'a'.repeat(64), description: '' }, signer: storm.nameOf(holder) }
  },
  'model.deploy': about('model', 'mdl', 'model'),
  'model.undeploy': about('model', 'mdl', 'model'),
  'listing.publish': publish,
  'listing.update': update,
  'listing.withdraw': (storm) => {
    const { id, signer } = owned(storm, 'listing', 'lst')
    return { body: { listing: id }, signer }
  },
  'subscription.start': subscribe,
  'subscription.cancel': about('subscription', 'sub', 'subscription'),
  'subscription.renew': byOperator((storm) => ({ subscription: thing(storm, 'subscription', 'sub') })),
  'dataset.purchase': (storm) => fixedSale(storm, 'dataset', ({ purchaseMicros }) => purchaseMicros),
  'dataset.license': (storm) => {
    const licence = storm.random.pick([0, 0, 1, 2, Number.MAX_SAFE_INTEGER])
    return fixedSale(storm, 'dataset', ({ licences }) => licences?.[licence]?.priceMicros, { licence })
  },
  'feature.purchase': (storm) => fixedSale(storm, 'feature', ({ featureMicros }) => featureMicros),
  'hold.open': (storm) => {
    const soon = formatSeconds(storm.now + storm.random.pick([1, 1_800, 86_400, 86_401]))
    return call(storm, () => ({ amount: storm.amount(), expiresAt: storm.random.chance(0.2) ? storm.time() : soon }))
  },
  'hold.capture': (storm) => {
    const { id, signer } = hold(storm)
    return { body: { hold: id, usage: usage(storm), reference: 'r' }, signer }
  },
  'hold.release': (storm) => {
    const { id, signer } = hold(storm)
    return { body: { hold: id }, signer }
  },
  'query.charge': (storm) => {
    const reference = `${storm.random.pick(SCRIPTS)}${storm.random.int(0, 9)}`
    return call(storm, () => ({ usage: usage(storm), reference }))
  },
  'usage.mandate': mandate,
  'usage.revoke': about('mandate', 'man', 'mandate'),
  'usage.batch': batch,
  'period.close': closing,
}
