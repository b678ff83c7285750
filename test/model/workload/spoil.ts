/** Makes of a transaction one that must be refused, or that only looks as if: the model tells which. */

import { TYPES } from '../catalogue/bodies.ts'
import { DAY } from '../catalogue/calendar.ts'
import type { Fields, Value } from '../catalogue/form.ts'
import type { Told } from '../catalogue/model.ts'
import { accountOf, CITIZENS, OPERATOR, SEQUENCER, SPARE_KEYS, STRANGERS, WEAK } from '../people.ts'
import type { Random } from '../random.ts'

const EVERYBODY = [OPERATOR, SEQUENCER, ...CITIZENS, ...STRANGERS, ...WEAK]

/** Something about the envelope that must be refused, or the wrong person under it. */
export function spoilEnvelope(random: Random, told: Told): Told {
  const now = Math.floor(told.at / 1000)
  switch (random.int(0, 9)) {
    case 0:
      return { ...told, made: now + 301, validUntil: now + DAY }
    case 1:
      return { ...told, validUntil: told.made + 30 * DAY + 1 }
    case 2:
      return { ...told, made: now - 3600, validUntil: random.pick([now, now - 1]) }
    case 3:
      return { ...told, ledger: 'other.example/credits' }
    case 4:
    case 5:
      return { ...told, signatures: forged(random, told) }
    case 6:
      return { ...told, validUntil: told.made }
    case 7:
      return { ...told, type: random.pick(['credit.gift', 'model.create ', ...TYPES]) }
    case 8:
      return { ...told, signatures: miscounted(random, told) }
    default: {
      const { account, publicKey } = random.pick(EVERYBODY)
      return { ...told, signer: account, signatures: [{ account, publicKey }, ...told.signatures.slice(1)] }
    }
  }
}

/** One of the signatures, the last most often, is by a key that is not the account's. */
function forged(random: Random, { signatures }: Told): Told['signatures'] {
  const which = random.chance(0.7) ? signatures.length - 1 : 0
  const publicKey = random.pick([...EVERYBODY.map((one) => one.publicKey), SPARE_KEYS[0]!])
  return signatures.map((one, i) => (i === which ? { ...one, publicKey } : one))
}

/** One signature too few, one too many, or the wrong one first. */
function miscounted(random: Random, { signatures }: Told): Told['signatures'] {
  const { account, publicKey } = random.pick([OPERATOR, ...CITIZENS.slice(0, 3)])
  if (signatures.length > 1) return random.chance(0.5) ? signatures.slice(0, 1) : [...signatures].reverse()
  const isTwice = account === signatures[0]!.account
  return random.chance(0.7) && !isTwice ? [...signatures, { account, publicKey }] : [{ account, publicKey }]
}

/** A body that is no longer well-formed, or still is. */
export function spoilBody(random: Random, body: Fields): Fields {
  const keys = Object.keys(body)
  const key = random.maybe(keys)
  if (key === undefined || random.chance(0.15)) return { ...body, extra: true }
  if (random.chance(0.2)) return Object.fromEntries(Object.entries(body).filter(([name]) => name !== key))
  return { ...body, [key]: spoilValue(random, body[key]!) }
}

function spoilValue(random: Random, value: Value): Value {
  if (typeof value === 'number') return random.pick([-1, value + 1, String(value), true])
  if (typeof value === 'boolean') return random.pick(['true', 1])
  if (Array.isArray(value)) return random.pick([[], [...value, value.length], [...value, ...value], 'list'])
  if (typeof value === 'object') return spoilBody(random, value as Fields)
  const isAmount = /^-?[0-9.]+$/.test(value)
  if (isAmount)
    return random.pick(['0', '-1', '-0', `${value}.0`, '1.50', '0.0000001', '1e3', ' 1', '01', '1000000000000', '', 5])
  if (value.startsWith('nim1')) return random.pick([accountOf('ab'.repeat(32)), 'nim1', value.toUpperCase()])
  if (/^20\d\d-/.test(value)) return random.pick(['2027-02-30T00:00:00Z', '2027-01-01T24:00:00Z', '2027-01-01', `${value} `])
  const odd = [
    ...['', `${value}\u0007`, `${value}\u200b`, `\u202e${value}`, 'e\u0301', `${value}\u{e000}`],
    ...['x'.repeat(2001), `${value.slice(0, -1)}g`],
  ]
  return random.pick(odd)
}
