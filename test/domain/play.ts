/** Plays the lines of a table (table.ts) in a world without log, store and signatures; holds the machine to its invariants. */

import { expect } from 'vitest'
import { assert } from '../../core/base/assert.ts'
import { toHex } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { ACCOUNT_BOOKS, type AccountBook, PLATFORM_BOOKS, type PlatformBook } from '../../core/domain/books.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { parseTransaction } from '../../core/domain/envelope.ts'
import { formatMicros, micros, parseAmount } from '../../core/domain/money.ts'
import {
  decodeOutcome,
  encodeOutcome,
  type Outcome,
  type Payment,
  postingBook,
  touchedNumbers,
} from '../../core/domain/outcome.ts'
import { platformAt } from '../../core/domain/policy.ts'
import { CODES, type Refusal } from '../../core/domain/refusal.ts'
import type { Execution } from '../../core/domain/run.ts'
import * as state from '../../core/domain/state.ts'
import { decodeRow, type RowKey } from '../../core/domain/table.ts'
import { formatSeconds, parseMilliseconds, parseSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import type { Signatory } from '../../core/domain/view.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { ED25519, keyId } from '../../core/log/note.ts'
import { rowKey } from '../support/row-key.ts'
import { type EnvelopeOverrides, World } from '../support/world.ts'
import { expandJson, type Names, parseJson, publicKeyOf } from './json.ts'
import { appliesToo } from './precedence.ts'
import { isTransaction, readOutcome, readTable, readTransaction, type Statement, type TransactionLine } from './table.ts'

const scenes = new Map<string, Play>()

/** A play in which the scene of a table, or a fixture, has been set. */
export function playScene(name: string): Play {
  const known = scenes.get(name)
  if (known !== undefined) return known.clone()
  const play = new Play()
  const { scene } = readTable(name)
  // A scene that begins with another one goes on from a copy of that.
  const [first, ...rest] = scene
  const from = first?.text.startsWith('given ') ? playScene(first.text.replace('given ', 'given/')) : play
  from.play(from === play ? scene : rest)
  scenes.set(name, from)
  return from.clone()
}

interface Sent {
  readonly text: string
  readonly signatories: readonly Signatory[]
}

export class Play implements Names {
  world = new World()
  readonly things = new Map<string, string>()
  readonly bodies = new Map<string, string>()
  last: Sent | undefined

  clone(): Play {
    const copy = new Play()
    copy.world = this.world.clone()
    for (const [name, thing] of this.things) copy.things.set(name, thing)
    for (const [name, body] of this.bodies) copy.bodies.set(name, body)
    return copy
  }

  play(statements: readonly Statement[]): void {
    for (const statement of statements) {
      try {
        this.#step(statement)
      } catch (error) {
        const { message } = error as Error
        throw new Error(`${statement.place}: ${statement.text}\n${message}`, { cause: error })
      }
    }
  }

  #step(statement: Statement): void {
    if (statement.text.startsWith('again -> ')) this.#again(statement)
    else if (isTransaction(statement)) this.#transact(statement)
    else this.#direct(statement)
  }

  #direct({ text }: Statement): void {
    const [, word, rest] = /^(\w+) (.*)$/.exec(text) ?? []
    const directive = DIRECTIVES[word ?? '']
    assert(directive !== undefined, `${text} is a statement`)
    directive(this, rest!)
  }

  #transact(statement: Statement): void {
    const line = readTransaction(statement)
    for (let turn = 1; turn <= line.times; turn++) {
      const inTurn = (text: string) => (line.times === 1 ? text : text.replaceAll('#', String(turn)))
      const numbered = { ...line, body: inTurn(line.body), ...(line.binds !== undefined && { binds: inTurn(line.binds) }) }
      const { made, until, on } = numbered
      const overrides: EnvelopeOverrides = {
        ...(made !== undefined && { made: parseSeconds(made)! }),
        ...(until !== undefined && { validUntil: parseSeconds(until)! }),
        ...(on !== undefined && { ledger: on }),
      }
      const signer = this.account(line.signer)
      const text = this.world.compose(signer, line.type, this.body(numbered.body), overrides)
      this.#send({ text, signatories: this.signatories(line) }, line.outcome, statement.expected, numbered.binds)
    }
  }

  #again({ text, expected }: Statement): void {
    assert(this.last !== undefined, 'something was sent before')
    this.#send(this.last, readOutcome(text.slice('again -> '.length)), expected)
  }

  #send(sent: Sent, outcome: TransactionLine['outcome'], expected: readonly string[], binds?: string): void {
    this.last = sent
    if (outcome.status === 'refused' && outcome.over !== undefined) {
      expect(appliesToo(this.world, outcome.over, sent.text, sent.signatories), `${outcome.over} would refuse as well`).toBe(true)
    }
    const result = this.world.run(sent.text, sent.signatories)
    checkSentence(sent.text)
    if (outcome.status === 'refused') {
      checkRefusal(result, outcome, this)
      return
    }
    expect(result.status === 'refused' ? result : 'accepted').toBe('accepted')
    const done = (result as Execution).outcome
    checkStored(done, this.world)
    checkBooksBalance(this.world)
    if (outcome.status === 'accepted') checkEffects(done, outcome.prefix, expected, this)
    if (binds !== undefined) this.things.set(binds, done.created!)
  }

  account(person: string): string {
    const known = this.world.people.get(person)
    assert(known !== undefined, `${person} is one of the people`)
    return known.account
  }

  thing(name: string): string {
    const id = this.things.get(name)
    assert(id !== undefined, `$${name} was made before`)
    return id
  }

  publicKey(person: string): string {
    return person.includes('/') ? toHex(publicKeyOf(person)) : this.world.people.get(person)!.publicKey
  }

  /** Who signs: the signer, and whoever signs below. */
  signatories({ signer, key, cosigner, cokey }: TransactionLine): readonly Signatory[] {
    const signing = [{ signer, key }, ...(cosigner === undefined ? [] : [{ signer: cosigner, key: cokey }])]
    return signing.map(({ signer, key }) => ({
      account: this.account(signer),
      keyId: this.keyId({ signer, ...(key && { key }) }),
    }))
  }

  /** The id of the key that signs: the first one of the account, or another one of its keys. */
  keyId({ signer, key }: Pick<TransactionLine, 'signer'> & { readonly key?: string }): string {
    const publicKey = key === undefined ? Buffer.from(this.publicKey(signer), 'hex') : publicKeyOf(`${signer}/${key}`)
    return keyId(sha256, this.account(signer), ED25519, publicKey)
  }

  /** `LAW + {"name":"x"} - description`. */
  body(expression: string): Json {
    const parts = expression.split(/ (?=\+ \{|- \w)/)
    const [first = '', ...changes] = parts
    const base = first === 'CLOSING' ? this.closing() : parseJson(first.startsWith('{') ? first : this.bodies.get(first)!, this)
    const fields = new Map(Object.entries(base as Record<string, Json>))
    for (const change of changes) {
      if (change.startsWith('- ')) fields.delete(change.slice(2))
      else for (const [name, value] of Object.entries(parseJson(change.slice(2), this))) fields.set(name, value)
    }
    return Object.fromEntries(fields)
  }

  /** The period.close of the books as they are now. */
  closing(): Json {
    const end = formatSeconds(Math.floor(this.world.time / 1000))
    return { end, size: this.world.size, ...this.world.summary() }
  }

  rowKey(table: string, key: string): RowKey {
    const named = key.replace(/key(id)?\([^()]*\)/g, (token) => JSON.parse(expandJson(token, this)) as string)
    const parts = key === '-' ? [] : named.split('/')
    const ids = parts.map((part) => (/^[@$]/.test(part) ? (JSON.parse(expandJson(part, this)) as string) : part))
    const row = rowKey(table, ids.join('/'))
    assert(row !== undefined, `there is a table ${table}`)
    return row
  }

  /** Replaces fields of a row that exists. */
  edit(key: RowKey, fields: object): void {
    const row = this.world.get(key)
    assert(row !== undefined, `the row ${key.path} exists`)
    this.world.put(key, { ...row, ...fields })
  }
}

type Directive = (play: Play, rest: string) => void

const DIRECTIVES: Record<string, Directive> = {
  given: (play, rest) => play.play(readTable(`given/${rest}`).scene),
  at: (play, rest) => {
    const time = parseMilliseconds(rest.includes('.') ? rest : rest.replace('Z', '.000Z'))
    assert(time !== undefined && time >= play.world.time, 'time goes on')
    play.world.time = time
  },
  body: (play, rest) => play.bodies.set(rest.split(' ', 1)[0]!, rest.slice(rest.indexOf(' ') + 1)),
  people: (play, rest) => {
    for (const name of rest.split(' ')) play.world.person(name, publicKeyOf(name))
  },
  person: (play, rest) => {
    const [name, hex] = rest.split(' ')
    play.world.person(name!, Buffer.from(hex!, 'hex'))
  },
  keys: (play, rest) => {
    const [name, ...scopes] = rest.split(' ')
    const [signer, key] = name!.split('/') as [string, string]
    const publicKey = Buffer.from(publicKeyOf(name!)).toString('hex')
    play.world.put(state.keys.at(play.account(signer), play.keyId({ signer, key })), { publicKey, scopes, addedAt: 0 })
  },
  freeze: (play, rest) => play.edit(state.accounts.at(play.account(rest)), { frozen: true }),
  unfreeze: (play, rest) => play.edit(state.accounts.at(play.account(rest)), { frozen: false }),
  books: moveBooks,
  edit: (play, rest) => {
    const [, table, key, fields] = /^(\S+) (\S+) (.*)$/.exec(rest)!
    play.edit(play.rowKey(table!, key!), decodeRow(expandJson(fields!, play)) as object)
  },
  balance: (play, rest) => {
    const [book, balance] = rest.split(' ')
    expect(balanceOf(play, book!), `the balance of ${book}`).toBe(balance)
  },
  copy: (play, rest) => {
    const [, table, key, otherTable, otherKey, field] = /^(\S+) (\S+) (\S+) (\S+) - (\w+)$/.exec(rest)!
    const fields = Object.entries(play.world.get(play.rowKey(table!, key!)) as object).filter(([name]) => name !== field)
    play.world.put(play.rowKey(otherTable!, otherKey!), Object.fromEntries(fields))
  },
  row: (play, rest) => {
    const [, table, key, fields] = /^(\S+) (\S+) (.*)$/.exec(rest)!
    expect(play.world.get(play.rowKey(table!, key!))).toMatchObject(decodeRow(expandJson(fields!, play)) as object)
  },
  norow: (play, rest) => {
    const [table, key] = rest.split(' ')
    expect(play.world.get(play.rowKey(table!, key!))).toBeUndefined()
  },
  deployed: (play, rest) => {
    const [person, ...names] = rest.split(' ')
    const { models } = play.world.get(state.deployments.at(play.account(person!)))!
    expect(models).toEqual(names.map((name) => play.thing(name.slice(1))))
  },
}

/** Where a book stands in the state: its row and the field of it. */
function placeOf(play: Play, book: string): { readonly row: RowKey; readonly field: string } {
  const [name, person] = book.split(':') as [string, string | undefined]
  if (!(name in ACCOUNT_BOOKS)) return { row: state.treasury as RowKey, field: PLATFORM_BOOKS[book as PlatformBook].field }
  return { row: state.accounts.at(play.account(person!)) as RowKey, field: ACCOUNT_BOOKS[name as AccountBook].field }
}

function balanceOf(play: Play, book: string): string {
  const { row, field } = placeOf(play, book)
  return formatMicros((play.world.get(row) as Record<string, bigint>)[field]!)
}

/** Moves credits between books past all rules; what is moved sums to zero, as the postings of an entry would. */
function moveBooks(play: Play, rest: string): void {
  let sum = 0n
  for (const [, book, sign, amount] of rest.matchAll(/(\S+) ([+-])(\S+)/g)) {
    const change = (sign === '-' ? -1n : 1n) * parseAmount(amount!)!
    const { row, field } = placeOf(play, book!)
    play.edit(row, { [field]: micros((play.world.get(row) as Record<string, bigint>)[field]! + change) })
    sum += change
  }
  assert(sum === 0n, 'the books stay balanced')
}

/** What no sentence says: a figure that is not there, one of something that has several. */
const SLIP =
  /undefined|NaN|\[object|(?<![\d.])1 (?:credits|days|models|deployed models|calls|entries|accounts|lines|more are|are|were) /

/** The sentence that is shown before signing says something about everything that can be signed. */
function checkSentence(text: string): void {
  const transaction = parseTransaction(rules, sha256, text)
  if (transaction instanceof Malformed) return
  const sentence = transaction.definition.describe(transaction.body as never, transaction.signer)
  expect(sentence).not.toBe('')
  expect(sentence).not.toMatch(SLIP)
}

function checkRefusal(
  result: Refusal | Execution,
  expected: Extract<TransactionLine['outcome'], { status: 'refused' }>,
  names: Names,
): void {
  const { code, over, detail } = expected
  expect(CODES, 'the codes').toContain(code)
  expect(result.status === 'refused' ? result.code : 'accepted', over && `${code} over ${over}`).toBe(code)
  const { message, data } = result as Refusal
  // What is malformed may be malformed for want of a field; other sentences have all their figures.
  if (code !== 'malformed') expect(message).not.toMatch(SLIP)
  if (detail === undefined) return
  if (code === 'malformed') expect(data.reason).toSatisfy((reason: string) => reason.startsWith(detail), `begins with ${detail}`)
  else expect(data).toEqual(parseJson(detail, names))
}

function checkEffects(outcome: Outcome, prefix: string | undefined, expected: readonly string[], play: Play): void {
  expect(outcome.created?.slice(0, 3), 'the prefix of what it makes').toBe(prefix)
  const postings = outcome.postings.map(({ amountMicros, balanceMicros, ...posting }) => {
    const sign = amountMicros > 0n ? '+' : ''
    const book = withNames(postingBook(posting as never), play)
    return `${book} ${sign}${formatMicros(amountMicros)} = ${formatMicros(balanceMicros)}`
  })
  const other = (line: string) => /^(gross|line|touches) /.test(line)
  expect(postings.sort(), 'postings').toEqual(expected.filter((line) => !other(line)).sort())
  const { payment } = outcome
  const paid = payment && `gross ${formatMicros(payment.grossMicros)} fee ${formatMicros(payment.feeMicros)}`
  expect(paid, 'payment').toBe(expected.find((line) => line.startsWith('gross ')))
  if (payment) expect(payment.feeBps).toBe(feeBpsOf(payment, play))
  const lines = outcome.lines?.map((line) => {
    if (line.status === 'duplicate') return 'duplicate'
    if (line.status === 'refused') return `refused ${line.code}`
    return `charged ${formatMicros(line.grossMicros)} fee ${formatMicros(line.feeMicros)}`
  })
  expect(lines ?? [], 'lines').toEqual(expected.filter((line) => line.startsWith('line ')).flatMap(readLines))
  const touched = expected.find((line) => line.startsWith('touches '))
  const names = outcome.touched.map(({ account }) => withNames(account, play)).sort()
  if (touched !== undefined) expect(names, 'accounts touched').toEqual(touched.split(' ').slice(1).sort())
}

/** The rate in force, of payments to creators; the platform takes no fee of its own. */
function feeBpsOf({ payer, payee }: Payment, { world }: Play): number {
  const isPlatform = payer !== undefined && payee === undefined
  return isPlatform ? 0 : platformAt(world.get(state.platform)!, Math.floor(world.time / 1000)).feeBps
}

/** `line 2..4 refused no_mandate` stands for three lines. Lines are written in order. */
function readLines(text: string): string[] {
  const [, first, last, outcome] = /^line (\d+)(?:\.\.(\d+))? (.*)$/.exec(text)!
  return new Array<string>(Number(last ?? first) - Number(first) + 1).fill(outcome!)
}

function withNames(text: string, { world }: Play): string {
  const person = [...world.people.values()].find(({ account }) => text.endsWith(account))
  return person === undefined ? text : text.replace(person.account, person.name)
}

/** What a store keeps of an outcome gives the outcome back. */
function checkStored(outcome: Outcome, world: World): void {
  const bytes = encodeOutcome(outcome)
  const accountOf = (number: number) => world.get(state.accountNumbers.at(number))!.account
  expect(decodeOutcome(bytes, accountOf, outcome.created)).toEqual(outcome)
  expect(touchedNumbers(bytes)).toEqual(outcome.touched.map(({ number }) => number))
}

function checkBooksBalance(world: World): void {
  let sum = 0n
  for (const { key, row } of world.rows.values()) {
    const books = key.table.name === 'account' ? ACCOUNT_BOOKS : key.table.name === 'treasury' ? PLATFORM_BOOKS : {}
    for (const { field } of Object.values<{ readonly field: string }>(books)) sum += (row as Record<string, bigint>)[field]!
  }
  expect(sum, 'the sum over all books').toBe(0n)
}
