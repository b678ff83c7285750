import { z } from 'zod'
import { MIN_CLOSING_INTERVAL_SECONDS } from '../../base/limits.ts'
import { plural } from '../../base/plural.ts'
import { BOOK_CLASSES } from '../books.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { closing } from '../state.ts'
import { formatSeconds } from '../time.ts'

const total = z
  .string()
  .regex(/^(0|-?[1-9][0-9]{0,18}|-?(0|[1-9][0-9]{0,18})\.[0-9]{0,5}[1-9])$/, 'must be a total such as "-25.5"')

const body = z.strictObject({
  end: field.time,
  size: field.number,
  accounts: field.number,
  stateRoot: field.sha256,
  totals: z.strictObject(Object.fromEntries(BOOK_CLASSES.map((book) => [book, total]))),
})
type Body = z.output<typeof body>

/**
 * States what all books are after the entries before it: the state root, by which every balance can be proven to its owner, and
 * the sums by class of book. The machine compares it with its own state, so whoever replays the log has checked it.
 */
export const periodClose = defineTransaction<Body>({
  type: 'period.close',
  signer: 'operator',
  scope: 'schedule',
  body,
  needsSummary: true,
  reads: [() => [closing]],
  checks: [
    check('too_soon', (context) => {
      const { time, body } = context
      const before = context.get(closing)
      const from = before === undefined ? 0 : before.time + MIN_CLOSING_INTERVAL_SECONDS
      if (time < from)
        return { because: `the books were closed less than an hour ago; they can be again at ${formatSeconds(from)}` }
      if (body.end > time) return { because: `the period ends at ${formatSeconds(body.end)}, and it is ${formatSeconds(time)}` }
      const isNew = before === undefined || body.end > before.end
      return isNew ? undefined : { because: `the period until ${formatSeconds(before.end)} is closed already` }
    }),
    check('stale_size', ({ body, index }) => (body.size === index ? undefined : { named: body.size, size: index })),
    check('wrong_state', ({ body, summary }) => {
      const { accounts, stateRoot, totals } = summary!
      if (body.accounts !== accounts) return { what: `the number of accounts, which is ${accounts}` }
      const wrong = BOOK_CLASSES.find((book) => body.totals[book] !== totals[book])
      if (wrong !== undefined) return { what: `the total of ${wrong}, which is ${totals[wrong]}` }
      return body.stateRoot === stateRoot ? undefined : { what: `the state root, which is ${stateRoot}` }
    }),
  ],
  apply: (effects) => {
    const { index, time, body } = effects
    effects.put(closing, { entry: index, time, end: body.end })
  },
  describe: ({ end, size, accounts }) =>
    `Closes the books of ${plural(accounts, 'account')} after ${plural(size, 'entry', 'entries')}, at ${formatSeconds(end)}`,
})
