/**
 * What was accepted, in order. Nothing else is kept: a balance, a plan, a mandate, a stream or a key is what a fold over the
 * whole list makes of it.
 *
 * What an entry does to the books is a list of moves between parts of books: a wallet's parts are its paid credits and its
 * grants, a held book's are the slices of each hold and reserve, earnings and revenue are kept by the day. A balance is the sum
 * of all moves there ever were.
 */

import type { Fields, Value } from './form.ts'

/** `amount` comes to (or goes from, where it is negative) a part of a book; `owner` is empty for the platform's books. */
export interface Move {
  readonly book: string
  readonly owner: string
  readonly part: string
  readonly amount: bigint
}

/** Credits with where they came from: `paid`, or the id of the grant. */
export interface Slice {
  readonly origin: string
  readonly amount: bigint
}

/** Gross from a payer to a creator, or to the platform for a plan. Slices are in the order in which they burned. */
export interface Payment {
  readonly payer: string
  readonly payee: string
  readonly gross: bigint
  readonly fee: bigint
  readonly feeBps: number
  readonly slices: readonly Slice[]
  /** Of a batch: the line that was charged. */
  readonly line?: number
}

/** Units of calls; `period` is the entry that paid for the subscription's period in which they were used. */
export interface Use {
  readonly payer: string
  readonly listing: string
  readonly units: readonly number[]
  readonly period: number | undefined
}

/** A paid period of a plan or a subscription, as the entry that paid for it laid it down. */
export interface Paid {
  readonly index: number
  readonly start: number
  readonly end: number
  /** The name of the plan or the id of the offer, the limit of models; of a subscription the version of the terms. */
  readonly name: string
  readonly modelLimit: number
  readonly terms: number
  readonly period: string
  /** What the period is worth: money plus credit carried over. */
  readonly value: bigint
  /** The entries whose payments went into it. */
  readonly entries: readonly number[]
}

export type LineAnswer =
  | { readonly status: 'charged'; readonly gross: bigint; readonly fee: bigint }
  | { readonly status: 'duplicate' }
  | { readonly status: 'refused'; readonly code: string }

export interface Signature {
  readonly account: string
  /** The public key that signed. */
  readonly publicKey: string
}

/** An accepted transaction, as remembered. */
export interface Event {
  readonly index: number
  readonly time: number
  readonly id: string
  readonly signer: string
  readonly signatures: readonly Signature[]
  readonly type: string
  readonly body: Fields
  readonly moves: Move[]
  readonly payments: Payment[]
  readonly uses: Use[]
  readonly lines: LineAnswer[]
  paid?: Paid
  /** A change of plan that waits for the end of the period. */
  scheduled?: { readonly name: string; readonly price: bigint; readonly period: string }
  /** The entry whose purchase this refund ends. */
  ends?: number
}

export function sum(amounts: Iterable<bigint>): bigint {
  let total = 0n
  for (const amount of amounts) total += amount
  return total
}

export function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** Microcredits of an amount on the wire. */
export function micros(amount: Value | undefined): bigint {
  const text = String(amount)
  const [whole, fraction = ''] = text.replace('-', '').split('.')
  const size = BigInt(whole + fraction.padEnd(6, '0'))
  return text.startsWith('-') ? -size : size
}

/** The first code whose condition holds: refusals are tested in the catalogue's order. */
export function first(...tests: readonly (readonly [code: string, fails: () => boolean])[]): string | undefined {
  return tests.find(([, fails]) => fails())?.[0]
}

export function thing(prefix: string, event: { readonly id: string }): string {
  return `${prefix}_${event.id.slice(-32)}`
}

export function happening(time: number, index: number, rest: Partial<Event>): Event {
  const empty = { id: '', signer: '', signatures: [], type: '', body: {} }
  return { ...empty, ...rest, time, index, moves: [], payments: [], uses: [], lines: [] }
}

export class History {
  readonly history: Event[] = []

  get genesis(): Fields | undefined {
    return this.history[0]?.body
  }

  get operator(): string | undefined {
    return this.history[0]?.signer
  }

  last(type: string, matches: (event: Event) => boolean): Event | undefined {
    return this.history.findLast((event) => event.type === type && matches(event))
  }

  all(type: string, signer?: string): Event[] {
    return this.history.filter((event) => event.type === type && (signer === undefined || event.signer === signer))
  }

  /** The event that made the thing. */
  maker(type: string, prefix: string, id: Value | undefined): Event | undefined {
    return this.last(type, (event) => thing(prefix, event) === id)
  }

  /** Accounts in order of opening. */
  accounts(): string[] {
    return this.history.filter(({ type }) => type === 'ledger.genesis' || type === 'account.open').map(({ signer }) => signer)
  }

  isAccount(account: Value | undefined): boolean {
    return this.accounts().includes(account as string)
  }

  isFrozen(account: string): boolean {
    const isAbout = ({ type, body }: Event) =>
      (type === 'account.freeze' || type === 'account.unfreeze') && body.account === account
    return this.history.findLast(isAbout)?.type === 'account.freeze'
  }

  /** What the parts of a book hold that are not empty, in the order in which they were first moved. */
  parts(book: string, owner = ''): Map<string, bigint> {
    const parts = new Map<string, bigint>()
    for (const { moves } of this.history) {
      for (const move of moves) {
        if (move.book === book && move.owner === owner) parts.set(move.part, (parts.get(move.part) ?? 0n) + move.amount)
      }
    }
    return new Map([...parts].filter(([, amount]) => amount !== 0n))
  }

  balance(book: string, owner = ''): bigint {
    return sum(this.parts(book, owner).values())
  }

  /** What the account owes. */
  debt(account: string): bigint {
    return -this.balance('receivable', account)
  }

  /** Every book that ever moved, by its name, such as `wallet:nim1…`. */
  books(): Map<string, bigint> {
    const books = new Map<string, bigint>()
    for (const { moves } of this.history) {
      for (const { book, owner, amount } of moves) {
        const name = owner === '' ? book : `${book}:${owner}`
        books.set(name, (books.get(name) ?? 0n) + amount)
      }
    }
    return books
  }

  /** Asks what would be if something happened at `time`: it happens, is looked at, and never was. */
  wondering<T>(time: number, ask: (event: Event) => T): T {
    const event = happening(time, this.history.length, {})
    this.history.push(event)
    try {
      return ask(event)
    } finally {
      this.history.pop()
    }
  }
}
