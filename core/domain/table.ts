/**
 * Rows of the state, each named by its table and key, and how they are stored. Rows are immutable values; a change replaces one
 * or removes it. Every row but the platform's own belongs to one account, its owner, and an entry touches the owners of the rows
 * that it changes.
 *
 * A row is stored as canonical JSON in which fields named …Micros hold microcredits as decimal strings (they are bigints in
 * code), and every other number is an integer. That naming rule is the whole codec:
 *
 *   account nim1…  {"carry":0,"entries":3,"earningsMicros":"0",…,"walletMicros":"25000000"}
 */

import { assert, InvariantError } from '../base/assert.ts'

export interface Table<Row> {
  readonly name: string
  /** The tables count from 0 in the order in which they were defined. */
  readonly number: number
  /** The account a row belongs to; undefined for the platform's own rows. */
  owner(row: Row, key: string): string | undefined
  /** The key of a row, of up to three parts. Keys that were asked for lately are the same object again. */
  at(first?: Part, second?: Part, third?: Part): RowKey<Row>
}

type Part = string | number

/** The name of a row. Two keys are of the same row where table and key are the same. */
export class RowKey<Row = unknown> {
  readonly table: Table<Row>
  readonly key: string
  /** The number of the RowMap that had the row when it was asked for last, and its place there. */
  mapNumber = 0
  place = -1
  /** What somebody last found for the row, and who that was: whoever looks rows up can leave it here for itself. */
  found: unknown = undefined
  finder: unknown = undefined

  constructor(table: Table<Row>, key: string) {
    this.table = table
    this.key = key
  }

  /** Table and key in one, for messages and for maps that are not asked often. */
  get path(): string {
    return `${this.table.name} ${this.key}`
  }
}

const tables = new Map<string, Table<never>>()

export function defineTable<Row>(name: string, owner: Table<Row>['owner']): Table<Row> {
  const recent = new RecentKeys<Row>()
  const table: Table<Row> = {
    name,
    number: tables.size,
    owner,
    at: (first, second, third) => recent.at(table, first, second, third),
  }
  assert(!tables.has(name), `table ${name} is defined once`)
  tables.set(name, table as Table<never>)
  return table
}

/** The owner of rows whose key begins with an account. */
export function firstPart(_row: unknown, key: string): string {
  const end = key.indexOf('/')
  return end < 0 ? key : key.slice(0, end)
}

/** The table of a stored row. Its rows are whatever the caller knows them to be. */
export function tableNamed(name: string): Table<unknown> {
  const table = findTable(name)
  assert(table !== undefined, `there is a table ${name}`)
  return table
}

/** A table by a name that anybody may have written. */
export function findTable(name: string): Table<unknown> | undefined {
  return tables.get(name) as Table<unknown> | undefined
}

/** How many keys a table remembers: those of the entry at work, and of what many buy. */
const RECENT_KEYS = 64

/**
 * The keys of a table that were asked for lately. A transaction's reads, checks and effects name the same few rows again and
 * again, each time by the same texts; so each name is put together once. A key has one place here, and a newer key for that place
 * replaces it.
 */
class RecentKeys<Row> {
  readonly #keys: (RowKey<Row> | undefined)[] = Array(RECENT_KEYS).fill(undefined)
  // The texts by which each was asked for; no object for each, since a key is made for nearly every row.
  readonly #first: (Part | undefined)[] = Array(RECENT_KEYS).fill(undefined)
  readonly #second: (Part | undefined)[] = Array(RECENT_KEYS).fill(undefined)
  readonly #third: (Part | undefined)[] = Array(RECENT_KEYS).fill(undefined)

  at(table: Table<Row>, first: Part | undefined, second: Part | undefined, third: Part | undefined): RowKey<Row> {
    const place = (placeOf(first) + 5 * placeOf(second) + 3 * placeOf(third)) % RECENT_KEYS
    const recent = this.#keys[place]
    if (recent !== undefined && this.#first[place] === first && this.#second[place] === second && this.#third[place] === third) {
      return recent
    }
    const key = new RowKey(table, joined(first, second, third))
    this.#keys[place] = key
    this.#first[place] = first
    this.#second[place] = second
    this.#third[place] = third
    return key
  }
}

/** Ids differ in their last characters. */
function placeOf(part: Part | undefined): number {
  if (part === undefined) return 0
  if (typeof part === 'number') return part % RECENT_KEYS
  const end = part.length
  return end < 3 ? end : part.charCodeAt(end - 1) + 31 * part.charCodeAt(end - 2) + 961 * part.charCodeAt(end - 3)
}

function joined(first: Part | undefined, second: Part | undefined, third: Part | undefined): string {
  if (second === undefined) return first === undefined ? '' : String(first)
  return third === undefined ? `${first}/${second}` : `${first}/${second}/${third}`
}

/** Up to this many rows are faster searched one by one than hashed. */
const FEW_ROWS = 24

/** How many maps there were so far. */
let maps = 0

/** What is known of rows, each once: of the few of one transaction, or of the many of a long batch. */
export class RowMap<Known extends { readonly key: RowKey }> {
  readonly #all: Known[] = []
  /** Tells maps apart without keeping them: see RowKey. */
  readonly #number = ++maps
  /** Where rows stand, by the table's number and then by key; filled once there are many. */
  #places: Map<string, number>[] | undefined

  get(key: RowKey): Known | undefined {
    const place = this.#placeOf(key)
    return place < 0 ? undefined : this.#all[place]
  }

  has(key: RowKey): boolean {
    return this.#placeOf(key) >= 0
  }

  /** Adds what is known of a row that is not there yet. */
  add(key: RowKey, known: Known): void {
    key.mapNumber = this.#number
    key.place = this.#all.length
    const count = this.#all.push(known)
    if (count > FEW_ROWS) this.#index(count)
  }

  /** Where the row stands; -1 where it is not there. */
  #placeOf(key: RowKey): number {
    if (key.mapNumber === this.#number) return key.place
    const place = this.#search(key)
    if (place >= 0) {
      key.mapNumber = this.#number
      key.place = place
    }
    return place
  }

  #search({ table, key }: RowKey): number {
    if (this.#places !== undefined) return this.#places[table.number]?.get(key) ?? -1
    for (let i = 0; i < this.#all.length; i++) {
      const one = this.#all[i]!.key
      if (one.table === table && one.key === key) return i
    }
    return -1
  }

  /** Notes where the last row stands, and where all stand as soon as there are many. */
  #index(count: number): void {
    const first = this.#places === undefined ? 0 : count - 1
    this.#places ??= []
    for (let i = first; i < count; i++) {
      const { table, key } = this.#all[i]!.key
      const places = this.#places[table.number] ?? new Map<string, number>()
      this.#places[table.number] = places.set(key, i)
    }
  }
}

/**
 * The stored text of a row: canonical JSON (RFC 8785), as canonical.ts has it. Written out here because it runs for every row of
 * every commit.
 */
export function encodeRow(row: unknown): string {
  return encode(row, '')
}

function encode(value: unknown, field: string): string {
  if ((typeof value === 'bigint') !== field.endsWith('Micros')) {
    throw new InvariantError(`field ${field}: fields named …Micros, and no others, are bigints`)
  }
  switch (typeof value) {
    case 'bigint':
      return `"${value}"`
    case 'number':
      if (!Number.isSafeInteger(value)) throw new InvariantError(`field ${field} is an integer`)
      return String(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'string':
      if (!value.isWellFormed()) throw new InvariantError(`field ${field} is well-formed text`)
      return JSON.stringify(value)
  }
  if (typeof value !== 'object' || value === null) throw new InvariantError(`field ${field} has a value`)
  return Array.isArray(value) ? encodeItems(value) : encodeFields(value as Fields)
}

function encodeItems(items: readonly unknown[]): string {
  let text = '['
  for (let i = 0; i < items.length; i++) text += (i === 0 ? '' : ',') + encode(items[i], '')
  return `${text}]`
}

type Fields = { readonly [field: string]: unknown }

/**
 * The names are this program's own, plain ASCII, so their order by UTF-16 code units is that of RFC 8785. Rows that were read
 * once have them in order already, and so have most that are made.
 */
function encodeFields(row: Fields): string {
  let text = '{'
  let previous = ''
  for (const field in row) {
    if (previous > field) return encodeSorted(row)
    previous = field
    text = withField(text, field, row[field])
  }
  return `${text}}`
}

function encodeSorted(row: Fields): string {
  let text = '{'
  for (const field of Object.keys(row).sort()) text = withField(text, field, row[field])
  return `${text}}`
}

function withField(text: string, field: string, value: unknown): string {
  return value === undefined ? text : text + labelOf(field, text.length === 1) + encode(value, field)
}

/** What stands before the value of a field that is, or is not, the first. */
function labelOf(field: string, isFirst: boolean): string {
  const known = labels.get(field)
  if (known !== undefined) return isFirst ? known.first : known.next
  const made = { first: `"${field}":`, next: `,"${field}":` }
  // Names are few; a store that is damaged may hold any.
  if (labels.size < MAX_LABELS) labels.set(field, made)
  return isFirst ? made.first : made.next
}

const MAX_LABELS = 1_000
const labels = new Map<string, { readonly first: string; readonly next: string }>()

/** The row of a stored text that encodeRow wrote. Throws where it is not JSON: the caller names the damaged row. */
export function decodeRow(text: string): unknown {
  const row: unknown = JSON.parse(text)
  restoreAmounts(row)
  return row
}

/** Turns the texts of fields named …Micros back into bigints, in the value that was just parsed. */
function restoreAmounts(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const fields = value as Record<string, unknown>
  for (const field of Object.keys(fields)) {
    if (field.endsWith('Micros')) fields[field] = BigInt(fields[field] as string)
    else restoreAmounts(fields[field])
  }
}
